"""The answer that is made once after each change is the one that would be made anew, after every change."""

import msgspec
import pytest

from service.ledger.environments import answer as current_state
from service.ledger.environments.state import state_of

from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio


async def test_the_kept_answer_is_the_one_that_would_be_made_anew(ledger: Served) -> None:
    assert await current_state.answer("staging") is None
    for number, change in enumerate(
        [
            event(resource_version=1),
            event("UpgradeFailed", "1.4.3", resource_version=2),
            document(version="1.4.2"),
            event("UpgradeSucceeded", "1.4.3", resource_version=3),
            event("InstallSucceeded", "2.0.0", name="payments", resource_version=1),
            document(version="1.4.3"),
            document("payments", "2.0.0"),
            event("UninstallSucceeded", "2.0.0", name="payments", resource_version=9),
        ]
    ):
        await (ledger.file(change) if "waybill" in change else ledger.say(change))
        for _ in range(2):
            kept = msgspec.json.decode(await current_state.answer("staging") or b"")
            anew = msgspec.to_builtins(await state_of("staging"))
            assert kept | {"at": None} == anew | {"at": None}, number


async def test_an_answer_is_made_once_for_all_who_ask_before_the_next_change(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.say(event())
    monkeypatch.setattr(current_state, "CACHED_SECONDS", 600)
    first = await current_state.answer("staging")
    monkeypatch.setattr(current_state, "state_of", None)
    again = await current_state.answer("staging")
    assert first is not None
    assert again is not None
    assert first.partition(b'"last_confirmed_at"')[2] == again.partition(b'"last_confirmed_at"')[2]
