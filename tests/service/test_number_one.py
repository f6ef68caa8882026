"""Number 1 of the waybill: taken and answered in number 2, also where an older ledger kept it."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from service.database.tables import Proposal, Release, ReleaseImage
from service.ledger.releases import upgrade as releases
from service.ledger.releases.upgrade import upgrade

from ..support.service.served import Served, document, event, gitops

pytestmark = pytest.mark.anyio
RUN, PULL = "https://ci.example.org/7", "https://example.org/acme/gitops/pull/7"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def number_one(service: str = "orders", version: str = "1.4.2", chart: str | None = None) -> dict[str, Any]:
    whole = document(service, version)
    [image] = whole.pop("images")
    return whole | {
        "waybill": 1,
        "image": {
            "repository": image["repository"],
            "digest": image["digest"],
            "platforms": ["linux/amd64", "linux/arm64/v8"],
            "checked": True,
        },
        "source": whole["source"] | {"run": RUN},
        "chart": whole["chart"] | {"name": chart or service},
        "gitops": {
            "repository": "https://example.org/acme/gitops",
            "branch": f"apps/{service}",
            "commit": "1" * 40,
            "environments": ["staging", "production"],
            "proposal": PULL,
        },
    }


def as_two(one: dict[str, Any]) -> dict[str, Any]:
    """The rule, field by field."""
    image = {key: one["image"][key] for key in ("repository", "digest", "checked")}
    return {
        "waybill": 2,
        "service": one["service"],
        "images": [{"name": one["service"], "manifests": {}, **image}],
        "source": {key: value for key, value in one["source"].items() if key != "run"},
        "chart": one["chart"],
        "gitops": {
            **{key: one["gitops"][key] for key in ("repository", "branch", "commit")},
            "places": [{"environment": it, "place": None} for it in one["gitops"]["environments"]],
            "proposal": {"url": one["gitops"]["proposal"]},
        },
        "by": {"run": one["source"]["run"]},
    }


def hashed(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def identity(two: dict[str, Any]) -> str:
    return hashed(
        {
            "service": two["service"],
            "images": [{key: it[key] for key in ("name", "repository", "digest")} for it in two["images"]],
            "source": {key: two["source"][key] for key in ("repository", "commit")},
            "chart": {key: two["chart"][key] for key in ("name", "version", "repository", "archive", "digest")},
        }
    )


async def kept_by_an_older_ledger(one: dict[str, Any]) -> None:
    """The rows that it wrote."""
    row = Release(
        service=one["service"],
        version=one["chart"]["version"],
        sha256="0" * 64,
        document=json.dumps(one, separators=(",", ":")),
        image_digest=one["image"]["digest"],
        chart_name=one["chart"]["name"],
        chart_digest=one["chart"]["digest"],
        source_commit=one["source"]["commit"],
        recorded_at=NOON,
    )
    [kept] = await Release.insert(row)
    part = json.dumps(one["gitops"], separators=(",", ":"))
    sha256 = hashlib.sha256(part.encode()).hexdigest()
    await Proposal.insert(Proposal(release=kept["id"], sha256=sha256, part=part, recorded_at=NOON))


async def test_number_one_is_taken_and_answered_in_number_two(ledger: Served) -> None:
    one = number_one()
    filed = await ledger.file(one)
    assert (filed.status_code, filed.json()["sha256"]) == (201, identity(as_two(one)))
    answer = await ledger.get("/releases/orders/1.4.2")
    assert {key: answer[key] for key in as_two(one)} == as_two(one)
    assert answer["proposals"]["items"] == [as_two(one)["gitops"] | {"by": {"run": RUN}}]


@pytest.mark.parametrize("first", [1, 2])
async def test_the_same_again_in_either_number_is_the_first_filing(ledger: Served, first: int) -> None:
    one, two = number_one(), document(gitops=gitops() | {"proposal": {"url": PULL, "number": 7}})
    two["gitops"]["places"] = [{"environment": it, "place": "apps/orders"} for it in ("staging", "production")]
    filings = [one, two] if first == 1 else [two, one]
    answers = [await ledger.file(it) for it in (*filings, *filings)]
    assert [it.status_code for it in answers] == [201, 200, 200, 200]
    assert len({it.text for it in answers}) == 1
    assert len((await ledger.get("/releases/orders/1.4.2"))["proposals"]["items"]) == 1


@pytest.mark.parametrize("upgraded", [False, True])
async def test_what_an_older_ledger_kept_is_number_two(ledger: Served, upgraded: bool) -> None:
    one = number_one()
    await kept_by_an_older_ledger(one)
    await ledger.say(event(at=NOON))
    if upgraded:
        await upgrade()
    receipt = {"id": 1, "service": "orders", "version": "1.4.2", "recorded_at": "2026-03-01T12:00:00Z"}
    receipt |= {"sha256": identity(as_two(one))}
    assert (await ledger.get("/releases"))["items"] == [as_two(one) | {"receipt": receipt}]
    whole = await ledger.get("/releases/orders/1.4.2")
    assert {key: whole[key] for key in (*as_two(one), "receipt")} == as_two(one) | {"receipt": receipt}
    assert whole["proposals"]["items"] == [as_two(one)["gitops"]]
    image = f"ghcr.io/acme/orders@{one['image']['digest']}"
    [arrival] = whole["arrivals"]["items"]
    assert (arrival["release"]["image"], arrival["release"]["images"]) == (image, {"orders": image})
    assert (await ledger.get("/environments/staging"))["services"][0]["release"] == arrival["release"]
    found = await ledger.get(f"/digests/{one['image']['digest']}")
    assert (found["kind"], found["items"]) == ("image", [arrival])
    assert len((await ledger.get(f"/releases?digest={one['image']['digest']}"))["items"]) == 1
    assert (await ledger.http.get(f"/board/search?q={one['image']['digest']}")).status_code == 303
    assert (await ledger.http.get("/board/releases/orders/1.4.2")).status_code == 200
    for again in (one, as_two(one), document()):
        filed = await ledger.file(again)
        assert (filed.status_code, filed.json()) == (200, receipt)
    refused = await ledger.file(document(image={"digest": f"sha256:{'0' * 64}"}))
    assert (refused.status_code, refused.json()["differs"]) == (409, ["images.orders.digest"])


async def test_releases_are_upgraded_in_pieces_by_however_many_at_once(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "PIECE", 3)
    for number in range(20):
        await kept_by_an_older_ledger(number_one(version=f"1.{number}.0"))
    assert await releases._upgrade_some()
    assert await Release.count().where(Release.waybill.is_not_null()) == 3
    await asyncio.gather(upgrade(), upgrade())
    rows = await Release.select(Release.waybill, Release.identity).order_by(Release.id)
    wanted = [as_two(number_one(version=f"1.{number}.0")) for number in range(20)]
    assert [json.loads(it["waybill"]) for it in rows] == wanted
    assert [it["identity"] for it in rows] == [identity(it) for it in wanted]
    assert await ReleaseImage.count() == 20


async def test_an_older_ledger_finds_number_one_of_whatever_is_filed(ledger: Served) -> None:
    """What it reads: `document`, `sha256`, `part` and the digests."""
    images = [*document()["images"], {**document()["images"][0], "name": "worker", "digest": f"sha256:{'7' * 64}"}]
    proposed = gitops() | {"reason": "later", "kind": "promote", "proposal": {"url": PULL, "number": 7}}
    await ledger.file(document(gitops=proposed, by={"actor": "ada", "run": RUN}) | {"images": images})
    one = number_one()
    one["gitops"]["environments"] = ["staging"]
    [row], [proposal] = await Release.select(), await Proposal.select()
    assert json.loads(row["document"]) == one
    parts = {"image": ("repository", "digest"), "source": ("repository", "commit")}
    parts |= {"chart": ("name", "version", "repository", "archive", "digest")}
    kept: dict[str, Any] = {part: {key: one[part][key] for key in keys} for part, keys in parts.items()}
    assert row["sha256"] == hashed(kept | {"service": "orders"})
    assert (row["image_digest"], row["chart_name"]) == (one["image"]["digest"], "orders")
    assert json.loads(proposal["part"]) == one["gitops"]


async def test_an_older_release_of_another_services_chart_is_matched_by_its_service_alone(ledger: Served) -> None:
    await kept_by_an_older_ledger(number_one("web", chart="orders"))
    message = "Helm install succeeded for release apps/{0}.v1 with chart orders@1.4.2"
    await ledger.say(event(name="orders", at=NOON, message=message.format("orders")))
    annotated = {"revision": "1.4.2", "service": "web"}
    await ledger.say(event(name="web", at=NOON, message=message.format("web"), metadata=annotated))
    places = (await ledger.get("/environments/staging"))["services"]
    assert [(it["place"], it["service"], it["release"]["known"]) for it in places] == [
        ("apps/orders", "orders", False),
        ("apps/web", "web", True),
    ]
    assert [it["place"] for it in (await ledger.get("/services/web"))["items"]] == ["apps/web"]
    assert [it["place"] for it in (await ledger.get("/services/orders"))["items"]] == ["apps/orders"]
    refused = await ledger.file(number_one("web", "1.5.0", chart="orders"))
    assert (refused.status_code, "chart.name" in refused.json()["detail"]) == (400, True)
