"""What Flux's controllers really said, told to a ledger in any order: it tells the story that made them say it."""

import json
import random
from typing import Any

import pytest

from service.domain.event import Event, parse
from service.domain.reasons import reason_of
from tests.support.flux_events import FILES, recorded

from ..support.service.served import Served, document

pytestmark = pytest.mark.anyio


def revision(reason: str, oci: bool = False) -> str:
    """The chart's version without build metadata."""
    said = recorded(reason, oci)
    assert said
    return str(said["metadata"]["revision"]).partition("+")[0]


@pytest.mark.parametrize("file", FILES, ids=lambda it: it.stem)
async def test_every_word_that_counts_is_read(file: Any) -> None:
    body = file.read_bytes()
    said, read = json.loads(body), parse(body)
    it, metadata = said["involvedObject"], said.get("metadata", {})
    assert isinstance(read, Event)
    if it["kind"] != "HelmRelease":
        assert (read.kind, read.place) == ("HelmChart", "staging/waybill")
        return
    assert reason_of(read).effect is not None
    assert read.place == f"{it['namespace']}/{it['name']}"
    assert (read.version, read.service) == (metadata["revision"].partition("+")[0], metadata["service"])
    assert (read.chart, read.oci_digest) == (metadata["service"], metadata.get("oci-digest"))
    assert read.message == said["message"].partition("\n")[0]


@pytest.mark.parametrize("seed", range(3))
async def test_told_in_any_order_it_is_the_story_of_that_run(ledger: Served, seed: int) -> None:
    pinned = recorded("UpgradeSucceeded", oci=True)
    assert pinned
    digest = pinned["metadata"]["oci-digest"]
    image = dict(zip(("repository", "digest"), pinned["metadata"]["image"].split("@"), strict=True))
    version = revision("UpgradeSucceeded", oci=True)
    await ledger.file(document("waybill", version, chart={"digest": digest}, image=image))
    for file in random.Random(seed).sample(FILES, len(FILES)):  # noqa: S311 - a seed, so that a failure repeats
        assert (await ledger.say(file.read_bytes())).status_code == 201
        assert (await ledger.say(file.read_bytes())).status_code == 200

    runs = {it["place"]: it for it in (await ledger.get("/environments/staging"))["services"]}
    assert set(runs) == {"staging/waybill", "pinned/waybill"}  # production's was uninstalled
    staging = runs["staging/waybill"]
    assert staging["release"]["version"] == revision("RollbackSucceeded") == revision("UpgradeSucceeded")
    attempt = staging["attempt"]
    assert (attempt["version"], attempt["outcome"]) == (revision("UpgradeFailed"), "rolled back")
    assert (staging["health"], staging["service"]) == ("healthy", "waybill")
    release = runs["pinned/waybill"]["release"]
    assert (release["version"], release["mismatched"]) == (revision("UpgradeSucceeded", oci=True), False)
    ended = {it["ended_by"] for it in (await ledger.get("/environments/staging/arrivals"))["items"]}
    assert ended == {None, "UpgradeSucceeded"}
