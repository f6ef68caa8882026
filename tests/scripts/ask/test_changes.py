"""`waybill changes` names the commits between two releases, and says where that is not known."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.ask import changes as changes_module
from scripts.clients.ledger import Ledger
from tests.support import forked
from tests.support.builders import Ran
from tests.support.running_ledger import RunningLedger, serving
from tests.support.service.served import document, gitops

Changes = Callable[..., Ran]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    """1.0.0 is the first; 1.1.0 and 1.1.1 follow it; what 1.3.0 followed was never filed, and 2.0.0 says nothing."""
    with serving(tmp_path_factory.mktemp("ledger") / "ledger", "orders", ["staging"]) as it:
        file(it, "1.0.0", changes=["begin"])
        file(it, "1.1.0", since="1.0.0", changes=["Retry on 429", 'Revert "Retry"'])
        file(it, "1.1.1", since="1.1.0", changes=["Fix totals"], changes_left_out=7)
        file(it, "1.3.0", since="1.2.0", changes=["Use the new API"])
        file(it, "2.0.0")
        yield it


def file(ledger: RunningLedger, version: str, changes: list[str] | None = None, **source: Any) -> None:
    number = version.replace(".", "")
    if changes is not None:
        source["changes"] = [{"commit": f"{at}{number}".rjust(40, "c"), "subject": it} for at, it in enumerate(changes)]
    whole = document("orders", version, source={"commit": number.rjust(40, "a"), **source}, gitops=gitops(number[0]))
    headers = {"Authorization": f"Bearer {ledger.token}"}
    assert httpx.post(f"{ledger.url}/releases", json=whole, headers=headers).status_code == 201


@pytest.fixture
def changes(ledger: RunningLedger, tmp_path: Path) -> Changes:
    def run(*args: str) -> Ran:
        return Ran(*forked.run("scripts", ("changes", *args), tmp_path, {"WAYBILL_LEDGER": ledger.url}))

    return run


def test_the_commits_of_all_releases_between_newest_first(changes: Changes) -> None:
    ran = changes("orders", "1.0.0..1.1.1")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "orders 1.0.0..1.1.1: 10 commits in 2 releases",
        "1.1.1  cccccccccccc  Fix totals",
        "1.1.0  cccccccccccc  Retry on 429",
        '1.1.0  cccccccccccc  Revert "Retry"',
        "7 older ones of 1.1.1 are only counted.",
    ]


def test_json_has_whole_commits_and_whether_all_is_known(changes: Changes) -> None:
    found = changes("orders", "1.0.0..1.1.0", "--json").json
    assert [it["version"] for it in found["releases"]] == ["1.1.0"]
    assert found["releases"][0]["changes"][0]["commit"] == "0110".rjust(40, "c")
    assert found["not_known"] is None


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ("1.1.0..1.3.0", "1.2.0 was not filed, so what changed in it and before is not known."),
        ("1.0.5..1.1.1", "1.1.0 followed 1.0.0, so this also holds what 1.0.5 has since then."),
        ("1.3.0..2.0.0", "What changed in 2.0.0 is not known: its record does not say which release it followed."),
    ],
)
def test_what_is_not_known_is_said(changes: Changes, versions: str, said: str) -> None:
    ran = changes("orders", versions)
    assert ran.code == 0
    assert ran.stdout.splitlines()[-1] == said
    assert changes("orders", versions, "--json").json["not_known"] == said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("orders", "1.1.0"), "write FIRST..LAST"),
        (("orders", "1.1.0..1.0.0"), "1.1.0 is not lower than 1.0.0."),
        (("orders", "1.0.0..1.0.0"), "1.0.0 is not lower than 1.0.0."),
        (("orders", "v1..1.0.0"), "v1 is no version."),
        (("orders", "1.0.0..9.0.0"), "No release 9.0.0 of orders was filed."),
        (("nobody", "1.0.0..1.1.0"), "No release 1.1.0 of nobody was filed."),
    ],
)
def test_what_cannot_be_asked_ends_with_2(changes: Changes, args: tuple[str, ...], said: str) -> None:
    ran = changes(*args)
    assert (ran.code, ran.stdout) == (2, "")
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ("1.0.0..1.1.1", None),
        ("1.0.5..1.1.1", "1.1.0 followed 1.0.0, so this also holds what 1.0.5 has since then."),
        ("0.9.0..1.1.1", "These are the last 2 releases; older ones are left out."),
    ],
)
def test_older_releases_are_left_out_only_where_there_are_some(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch, versions: str, said: str | None
) -> None:
    monkeypatch.setattr(changes_module, "MOST", 2)
    first, last = versions.split("..")
    found = changes_module.changes(Ledger(ledger.url, None), "orders", first, last)
    assert [it.version for it in found.steps] == ["1.1.1", "1.1.0"]
    assert (found.gap or None) == said
