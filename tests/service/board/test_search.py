"""The search takes what people have at hand."""

import re

import pytest

from service.domain.search import Terms, parse

from ...support.service.served import Served, document, event, gitops

pytestmark = [pytest.mark.anyio, pytest.mark.long]

IMAGE, CHART, ARCHIVE = (f"sha256:{it}{'0' * 60}" for it in ("12ab", "34cd", "56ef"))
COMMIT = f"beef{'1' * 36}"


@pytest.fixture
async def shelf(ledger: Served) -> Served:
    """What was filed, and what arrived although nobody filed it."""
    await ledger.file(document("orders", "1.4.2", image={"digest": IMAGE}, source={"commit": COMMIT}))
    await ledger.file(document("orders", "1.4.3-rc.1", chart={"digest": CHART}))
    await ledger.file(document("web", "1.4.2", gitops=gitops("9")))
    await ledger.file(document("web", "2.0.0-RC1", chart={"archive": ARCHIVE}))
    for name, version in (
        ("orders", "1.4.2"),
        ("dev-tools", "7.0.0-dev.1"),
        ("payments", "0.3.0"),
        ("payouts", "0.3.1"),
    ):
        await ledger.say(event("InstallSucceeded", version, name=name, namespace="shop"), "production")
    blue = event(
        "InstallSucceeded", "1.4.2", name="blue", namespace="shop", metadata={"revision": "1.4.2", "service": "web"}
    )
    await ledger.say(blue)
    return ledger


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("orders", "/board/services/orders"),
        ("Web", "/board/services/web"),
        ("payments", "/board/services/payments"),
        ("production", "/board/environments/production"),
        ("Staging ", "/board/environments/staging"),
    ],
)
async def test_a_name_opens_its_page(shelf: Served, text: str, path: str) -> None:
    answer = await shelf.http.get("/board/search", params={"q": text})
    assert (answer.status_code, answer.headers.get("location")) == (303, path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pay", ["services/payments", "services/payouts"]),
        ("prod", ["environments/production"]),
        ("7.0.0", ["environments/production", "services/dev-tools"]),
        ("shop/", ["environments/production", "environments/staging", "services/payments", "services/web"]),
        ("blue", ["environments/staging", "services/web"]),
        ("dddd", ["releases/orders/1.4.2", "releases/web/1.4.2"]),
    ],
)
async def test_what_runs_is_found_by_names_places_versions_and_release_commits(
    shelf: Served, text: str, found: list[str]
) -> None:
    answer = await shelf.http.get("/board/search", params={"q": text})
    assert answer.status_code == 200
    for path in found:
        assert f'href="/board/{path}"' in answer.text


async def test_a_find_says_where_it_runs(shelf: Served) -> None:
    page = (await shelf.http.get("/board/search", params={"q": "1.4"})).text
    assert [part.partition("<")[0] for part in page.split('data-label="Runs in">')[1:]] == [
        "staging",
        "nowhere",
        "production",
    ]


async def test_there_is_a_next_page(ledger: Served) -> None:
    for number in range(51):
        await ledger.file(document(version=f"1.0.{number}"))
    page = (await ledger.http.get("/board/search?q=1.0")).text
    assert "<h1>51 releases</h1>" in page
    [following] = re.findall(r'rel="next" href="([^"]+)"', page)
    rest = (await ledger.http.get(following.replace("&amp;", "&"))).text
    assert re.findall(r'href="/board/releases/orders/([^"]+)"', rest) == ["1.0.0"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.4.3", "orders/1.4.3-rc.1"),
        ("v1.4.3-RC", "orders/1.4.3-rc.1"),
        ("beef1111", "orders/1.4.2"),
        (" BEEF ", "orders/1.4.2"),
        ("12ab", "orders/1.4.2"),
        (IMAGE, "orders/1.4.2"),
        (f"ghcr.io/acme/orders@{IMAGE}", "orders/1.4.2"),
        ("sha256:34cd00", "orders/1.4.3-rc.1"),
        ("56ef", "web/2.0.0-RC1"),
        (ARCHIVE, "web/2.0.0-RC1"),
        ("9" * 40, "web/1.4.2"),
        ("99999", "web/1.4.2"),
        ("orders-1.4.2", "orders/1.4.2"),
        ("orders 1.4.2", "orders/1.4.2"),
        ("2.0.0-rc", "web/2.0.0-RC1"),
        ("V2.0.0-RC1", "web/2.0.0-RC1"),
        ("web-2.0.0-RC1", "web/2.0.0-RC1"),
        ("Web 2.0.0-rc1", "web/2.0.0-RC1"),
    ],
)
async def test_one_find_is_shown_at_once(shelf: Served, text: str, found: str) -> None:
    answer = await shelf.http.get("/board/search", params={"q": text})
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/board/releases/{found}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.4", ["web/1.4.2", "orders/1.4.3-rc.1", "orders/1.4.2"]),
        ("1.4.2", ["web/1.4.2", "orders/1.4.2"]),
        ("", []),
        ("1_4", []),
        ("%", []),
        ("sha256:", []),
        ("<script>", []),
        ("\x00", []),
        ("z" * 5000, []),
    ],
)
async def test_several_finds_are_listed_newest_first(shelf: Served, text: str, found: list[str]) -> None:
    answer = await shelf.http.get("/board/search", params={"q": text})
    assert answer.status_code == 200
    assert [part.partition('"')[0] for part in answer.text.split('href="/board/releases/')[1:]] == found
    assert "<script>" not in answer.text


def test_a_text_may_mean_several_things() -> None:
    assert parse("cafe") == Terms(digest="sha256:cafe", commit="cafe", version="cafe", service="cafe")
    assert parse("my-app-1.2.3").release == ("my-app", "1.2.3")
