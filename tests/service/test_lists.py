"""Lists: pages by keyset, arrivals by environment, service, release and digest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ..support.service.served import Served, document, event, gitops

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMAGE, CHART = f"sha256:{'a' * 64}", f"sha256:{'f' * 64}"


async def pages(ledger: Served, path: str, limit: int) -> list[list[dict[str, Any]]]:
    found, query = [], f"limit={limit}"
    while True:
        page = await ledger.get(f"{path}{'&' if '?' in path else '?'}{query}")
        found.append(page["items"])
        if page["next"] is None:
            return found
        query = f"limit={limit}&cursor={page['next']}"


async def many_arrivals(ledger: Served) -> None:
    """7 in staging and 5 in production, two services each, some within one second."""
    for number in range(7):
        for environment in ("staging", "production")[: 2 if number < 5 else 1]:
            at = NOON + timedelta(seconds=number // 2)
            name = ("orders", "web")[number % 2]
            await ledger.say(event(revision=f"1.{number}.0", name=name, at=at, resource_version=number), environment)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_pages_join_to_the_whole(ledger: Served, limit: int) -> None:
    await many_arrivals(ledger)
    for path, count in [
        ("/environments/staging/arrivals", 7),
        ("/environments/staging/arrivals?service=web", 3),
        ("/services/orders", 7),
        ("/environments", 2),
    ]:
        found = await pages(ledger, path, limit)
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1), path
        joined = [it for page in found for it in page]
        assert len(joined) == count, path
        if path != "/environments":
            assert joined == (await ledger.get(path + ("&" if "?" in path else "?") + "limit=200"))["items"]
            assert [it["from"] for it in joined] == sorted((it["from"] for it in joined), reverse=True)


async def test_what_comes_meanwhile_neither_repeats_nor_hides(ledger: Served) -> None:
    await many_arrivals(ledger)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        await ledger.file(document(version=version))
    first = await ledger.get("/environments/staging/arrivals?limit=3")
    releases = await ledger.get("/releases?limit=2")
    await ledger.say(event(revision="2.0.0", at=NOON + timedelta(days=1)))
    await ledger.file(document(version="1.3.0"))
    rest = await ledger.get(f"/environments/staging/arrivals?cursor={first['next']}")
    assert [it["release"]["version"] for it in first["items"] + rest["items"]] == [f"1.{n}.0" for n in range(6, -1, -1)]
    rest = await ledger.get(f"/releases?cursor={releases['next']}")
    assert [it["chart"]["version"] for it in releases["items"] + rest["items"]] == ["1.2.0", "1.1.0", "1.0.0"]


async def test_releases_newest_first_by_service_and_digest(ledger: Served) -> None:
    other = {"digest": f"sha256:{'9' * 64}"}
    await ledger.file(document("orders", "1.0.0"))
    await ledger.file(document("web", "2.0.0", image=other))
    await ledger.file(document("orders", "1.1.0", image=other, chart={"digest": f"sha256:{'8' * 64}"}))

    async def versions(query: str) -> list[str]:
        return [it["chart"]["version"] for it in (await ledger.get(f"/releases?{query}"))["items"]]

    assert await versions("") == ["1.1.0", "2.0.0", "1.0.0"]
    assert await versions("service=orders") == ["1.1.0", "1.0.0"]
    assert await versions(f"digest={other['digest']}") == ["1.1.0", "2.0.0"]
    assert await versions(f"digest={other['digest']}&service=web") == ["2.0.0"]
    assert await versions(f"digest={CHART}") == ["2.0.0", "1.0.0"]
    assert await versions(f"digest=sha256:{'7' * 64}") == []


async def test_a_release_is_its_waybill_with_what_became_of_it(ledger: Served) -> None:
    whole = document(gitops=gitops("1"))
    receipt = (await ledger.file(whole)).json()
    await ledger.file(document(gitops=gitops("2", "production")))
    await ledger.say(event(at=NOON))
    await ledger.say(event(at=NOON + timedelta(hours=1)), "production")
    answer = await ledger.get("/releases/orders/1.4.2")
    proposals, arrivals = answer.pop("proposals"), answer.pop("arrivals")
    assert answer == whole | {"receipt": receipt}
    assert proposals == [gitops("1"), gitops("2", "production")]
    assert [(it["environment"], it["until"]) for it in arrivals] == [("production", None), ("staging", None)]
    [listed] = (await ledger.get("/releases"))["items"]
    assert listed == answer


async def test_an_arrival(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(event(at=NOON))
    await ledger.say(event("UpgradeSucceeded", "1.5.0", at=NOON + timedelta(minutes=5)))
    arrival = (await ledger.get("/environments/staging/arrivals"))["items"][1]
    assert arrival == {
        "environment": "staging",
        "place": "apps/orders",
        "service": "orders",
        "release": {
            "version": "1.4.2",
            "known": True,
            "mismatched": False,
            "image": f"ghcr.io/acme/orders@{IMAGE}",
            "commit": "c" * 40,
            "url": "/releases/orders/1.4.2",
        },
        "from": "2026-03-01T12:00:00Z",
        "until": "2026-03-01T12:05:00Z",
        "basis": "late",
        "ended_by": "UpgradeSucceeded",
    }


async def test_arrivals_by_digest(ledger: Served) -> None:
    """An image's are those of its releases; a chart's those that reported it, or whose release has it."""
    await ledger.file(document("orders", "1.0.0"))
    await ledger.file(document("web", "1.0.0", chart={"digest": f"sha256:{'8' * 64}"}))
    await ledger.say(event(revision="1.0.0", at=NOON))
    await ledger.say(event(revision="1.0.0", name="web", at=NOON + timedelta(minutes=1)), "production")
    await ledger.say(event(revision="1.0.0", name="other", at=NOON))
    image = await ledger.get(f"/digests/{IMAGE}")
    assert image["kind"] == "image"
    assert [(it["environment"], it["service"]) for it in image["items"]] == [
        ("production", "web"),
        ("staging", "orders"),
    ]
    chart = await ledger.get(f"/digests/{CHART}")
    assert (chart["kind"], [it["service"] for it in chart["items"]]) == ("chart", ["orders"])
    assert [it for page in await pages(ledger, f"/digests/{IMAGE}", 1) for it in page] == image["items"]


@pytest.mark.parametrize(
    "path",
    [
        "/environments/nowhere",
        "/environments/nowhere?at=2026-01-01T00:00:00Z",
        "/environments/nowhere/arrivals",
        "/services/nothing",
        f"/digests/sha256:{'5' * 64}",
        "/releases/orders/9.9.9",
        "/releases/nothing/1.4.2",
        "/no/such/address",
    ],
)
async def test_what_is_unknown_is_404_and_says_what(ledger: Served, path: str) -> None:
    await ledger.file(document())
    await ledger.say(event())
    answer = await ledger.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"]


async def test_what_is_known_and_empty_is_an_empty_list(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(b"{}")
    empty = {"items": [], "next": None}
    assert await ledger.get("/services/orders") == empty
    assert await ledger.get("/environments/staging/arrivals") == empty
    assert await ledger.get(f"/digests/{IMAGE}") == empty | {"kind": "image"}
    assert await ledger.get("/environments/staging/arrivals?service=nothing") == empty


@pytest.mark.parametrize(
    "path",
    [
        "/releases?limit=0",
        "/releases?limit=201",
        "/releases?limit=many",
        "/releases?cursor=x",
        "/releases?digest=sha256:00",
        "/environments?cursor=-1",
        "/environments/staging/arrivals?cursor=1",
        "/services/orders?cursor=%00",
        "/services/%00",
        "/environments/Staging",
        "/digests/sha256:xyz",
        "/releases/orders/%00",
    ],
)
async def test_a_malformed_parameter_is_400_and_named(ledger: Served, path: str) -> None:
    answer = await ledger.http.get(path)
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error.partition(":")[0] in path or error.partition(":")[0] in ("service", "environment", "digest", "version")
