"""The search takes what people have at hand."""

import pytest

from service.domain.search import Terms, parse

from ...support.service.served import Served, document

pytestmark = pytest.mark.anyio

IMAGE, CHART = f"sha256:12ab{'0' * 60}", f"sha256:34cd{'0' * 60}"
COMMIT = f"beef{'1' * 36}"


@pytest.fixture
async def shelf(ledger: Served) -> Served:
    await ledger.file(document("orders", "1.4.2", image={"digest": IMAGE}, source={"commit": COMMIT}))
    await ledger.file(document("orders", "1.4.3-rc.1", chart={"digest": CHART}))
    await ledger.file(document("web", "1.4.2"))
    await ledger.file(document("web", "2.0.0-RC1"))
    return ledger


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
        ("orders", ["orders/1.4.3-rc.1", "orders/1.4.2"]),
        ("Web", ["web/2.0.0-RC1", "web/1.4.2"]),
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
