"""Filing a release: the first filing stays, whatever comes after it."""

import asyncio
import hashlib
import json
from typing import Any

import pytest

from service.database.tables import Proposal, Release

from ..support.service.served import Served, document, gitops

pytestmark = pytest.mark.anyio


def identity(whole: dict[str, Any]) -> str:
    """The rule of RFC 8785, written another way than the ledger's."""
    names = {
        "source": {"repository", "commit"},
        "chart": {"name", "version", "repository", "archive", "digest"},
    }
    kept: dict[str, Any] = {part: {key: whole[part][key] for key in keys} for part, keys in names.items()}
    kept["images"] = [{key: it[key] for key in ("name", "repository", "digest")} for it in whole["images"]]
    text = json.dumps(kept | {"service": whole["service"]}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


async def test_a_release_is_filed_and_the_same_again_is_answered_with_the_first_receipt(ledger: Served) -> None:
    whole = document(source={"repository": "https://example.org/acmé/orders"})
    first = await ledger.file(whole)
    assert first.status_code == 201
    receipt = first.json()
    assert receipt["sha256"] == identity(whole)
    assert (receipt["service"], receipt["version"]) == ("orders", "1.4.2")
    assert receipt["recorded_at"].endswith("Z")
    again = await ledger.file(document(source=whole["source"], by={"run": "https://ci.example.org/2"}))
    assert (again.status_code, again.json()) == (200, receipt)
    [row] = await Release.select()
    assert json.loads(row["waybill"]) == whole


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("image", "repository", "ghcr.io/acme/other"),
        ("image", "digest", f"sha256:{'0' * 64}"),
        ("source", "repository", "https://example.org/fork/orders"),
        ("source", "commit", "0" * 40),
        ("chart", "archive", f"sha256:{'0' * 64}"),
        ("chart", "repository", "oci://ghcr.io/acme/other"),
        ("chart", "digest", f"sha256:{'0' * 64}"),
    ],
)
async def test_another_release_under_a_filed_version_is_refused_by_the_name_of_what_differs(
    ledger: Served, part: str, name: str, value: str
) -> None:
    await ledger.file(document())
    refused = await ledger.file(document(**{part: {name: value}}, gitops=gitops()))
    assert refused.status_code == 409
    assert refused.json()["differs"] == [f"{part.replace('image', 'images.orders')}.{name}"]
    assert refused.headers["content-type"] == "application/problem+json"
    assert json.loads((await Release.select())[0]["waybill"]) == document()
    assert await Proposal.count() == 0


async def test_each_proposal_of_a_release_is_kept_once(ledger: Served) -> None:
    for commit in "1221":
        assert (await ledger.file(document(gitops=gitops(commit)))).status_code in (200, 201)
    await ledger.file(document())
    parts = [json.loads(row["gitops"]) for row in await Proposal.select().order_by(Proposal.id)]
    assert parts == [gitops("1"), gitops("2")]


async def test_of_many_who_file_one_release_at_once_one_is_the_first(ledger: Served) -> None:
    token = await ledger.token("releases:write")
    answers = await asyncio.gather(*(ledger.file(document(gitops=gitops("1")), token) for _ in range(50)))
    assert sorted(it.status_code for it in answers) == [200] * 49 + [201]
    assert len({it.text for it in answers}) == 1
    assert await Release.count() == await Proposal.count() == 1


async def test_one_who_is_refused_spoils_nothing_for_those_who_file_at_the_same_time(ledger: Served) -> None:
    token = await ledger.token("releases:write")
    await ledger.file(document(version="1.0.0"), token)
    others = [document(version=f"1.0.{n}", image={"digest": f"sha256:{'9' * 64}"}) for n in range(20)]
    answers = await asyncio.gather(*(ledger.file(it, token) for it in others))
    assert [it.status_code for it in answers] == [409] + [201] * 19
    assert len({it.json()["id"] for it in answers[1:]}) == 19
