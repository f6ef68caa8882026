"""What pages answer, also at addresses that no link of theirs has."""

from datetime import UTC, datetime, timedelta

import pytest

from service.ledger.environments import state

from ...support.service.served import Served, document, event, gitops, served

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.mark.long
async def test_an_empty_ledger_says_what_to_do(ledger: Served) -> None:
    answer = await ledger.http.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Nothing has arrived yet" in answer.text
    assert "waybill connect" in answer.text
    assert "<code>waybill ship</code> files one, and <code>waybill doctor</code>" in answer.text
    assert (await ledger.http.get("/board/compare")).status_code == 404
    for path in ("/?wall", "/board/history", "/board/figures", "/board/figures/commits", "/board/search?q=orders"):
        assert (await ledger.http.get(path)).status_code == 200


async def test_an_empty_ledger_shows_what_was_filed_and_has_not_arrived(ledger: Served) -> None:
    pull = {"url": "https://example.org/pull/7", "number": 7}
    await ledger.file(document(gitops={**gitops(), "proposal": pull}))
    await ledger.file(document("web", "2.0.0"))
    page = (await ledger.http.get("/")).text
    assert "web 2.0.0 was filed and has not arrived, as 1 other." in page
    assert '<a href="https://example.org/pull/7" rel="noopener noreferrer">pull request 7</a>' in page
    assert "staging" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/board/environments/nowhere", 404),
        ("/board/environments/%00", 404),
        ("/board/environments/../staging", 404),
        ("/board/environments/staging?at=9999-12-31T23:59:59", 200),
        ("/board/environments/staging?at=0001-01-01T00:00:00", 200),
        ("/board/environments/staging?at=soon&window=7y&cursor=%00", 200),
        ("/board/environments/staging?window=1y&at=1970-01-01T00:00:00Z", 200),
        ("/board/releases/orders/1.4.3", 404),
        ("/board/releases/%00/%ff", 404),
        ("/board/elsewhere", 404),
        ("/board/elsewhere/and/further", 404),
        ("/board/%00", 404),
        ("/board/services/nowhere", 404),
        ("/board/services/%00", 404),
        ("/board/services/orders?window=7y&cursor=%00", 200),
        ("/board/history?service=%00&kind=x&from=soon&cursor=1", 200),
        ("/board/compare?first=nowhere", 404),
        ("/board/compare?first=%00&second=staging", 404),
        ("/board/compare?at=soon&with_at=2999-01-01", 200),
        ("/board/figures?service=%00", 200),
        ("/board/figures?environment=%00&from=soon", 200),
        ("/board/figures?from=2999-01-01&to=2999-02-01", 200),
        ("/board/figures?from=0001-01-01&to=1000-01-01", 200),
        ("/board/figures?from=1000-01-01", 200),
        ("/board/figures?service=nobody", 404),
        ("/board/figures?environment=nowhere", 404),
        ("/board/figures/commits", 200),
        ("/board/figures/commits?cursor=99999999999999999999", 200),
        ("/board/figures/commits?cursor=%00", 200),
        ("/board/figures/commits?from=soon", 404),
        ("/board/figures/people", 404),
        ("/?page=-1", 200),
        ("/?page=99999999999999999999&name=%00&failing&wall", 200),
        ("/?environment=", 200),
        ("/?environment=%00", 404),
        ("/?environment=nowhere&wall", 404),
        ("/board/search?q=1&page=99999", 303),
        ("/badge/orders/staging.svg", 200),
        ("/badge/orders/nowhere.svg", 200),
        ("/badge/%00/staging.svg", 404),
        ("/badge/orders/staging.png", 404),
        ("/static/x%00", 404),
        ("/static/%00", 404),
        ("/static/" + "x" * 300, 404),
        ("/static/%ff", 404),
        ("/static/", 404),
        ("/static/board.css/x", 404),
        ("/static/..%2fhtml.py", 404),
    ],
)
async def test_no_address_is_a_mistake_of_ours(ledger: Served, path: str, status: int) -> None:
    await ledger.file(document())
    await ledger.say(event())
    answer = await ledger.http.get(path)
    assert answer.status_code == status
    if path.startswith("/board") and status == 404:
        assert "There is no page here." in answer.text


@pytest.mark.long
async def test_pages_let_nothing_in(ledger: Served) -> None:
    """No inline script or style, nothing from elsewhere, and what was filed stays text."""
    hostile = "</title><script>alert(1)</script>"
    await ledger.file(document(source={"repository": f"ssh://{hostile}", "tag": hostile}))
    await ledger.say(event())
    await ledger.say(event("UpgradeFailed", "1.5.0", message=hostile))
    for path in (
        "/",
        "/?wall",
        "/board/services/orders",
        "/board/environments/staging",
        "/board/releases/orders/1.4.2",
    ):
        answer = await ledger.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
        assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.long
async def test_a_large_board_stays_small(ledger: Served) -> None:
    for number in range(15):
        for environment in ("staging", "production"):
            for step in range(4):
                said = event(revision=f"1.{step}.0", name=f"service-{number}", at=NOW - timedelta(days=4 - step))
                await ledger.say(said, environment)
    for path in ("/", "/board/environments/staging?window=30d"):
        assert len((await ledger.http.get(path)).content) < 75_000, path  # with style sheet and script below 100 KB


@pytest.mark.long
async def test_pages_show_what_would_reorder_or_hide_text(ledger: Served) -> None:
    """As a mark that can be seen; words in any language and emoji stay."""
    name = "dev\u0645\u064f\u200c \U0001f469\u200d\U0001f4bb"
    await ledger.file(document(source={"tag": f"{name} \u202egnp.exe\u2069"}))
    await ledger.say(event())
    await ledger.say(event("UpgradeFailed", "1.5.0", resource_version=2, message="all \u202ewell\u200b\x9b"))
    pages = [
        (await ledger.http.get(it)).text for it in ("/", "/board/environments/staging", "/board/releases/orders/1.4.2")
    ]
    for page in pages:
        assert not set("\u202a\u202e\u2066\u2069\u200b\x9b") & set(page)
    assert "all \ufffdwell\ufffd\ufffd" in pages[1]
    assert f"{name} \ufffdgnp.exe\ufffd" in pages[2]


@pytest.mark.long
async def test_a_service_that_only_ever_failed_is_known(ledger: Served) -> None:
    await ledger.say(event("InstallFailed", "1.0.0", name="cart", message="timed out"))
    assert (await ledger.get("/services/cart"))["items"] == []
    assert (await ledger.http.get("/board/search?q=cart")).headers["location"] == "/board/services/cart"
    page = (await ledger.http.get("/board/services/cart")).text
    assert "cart fails in" in page
    assert "timed out" in page
    await ledger.get("/services/car", 404)


@pytest.mark.long
async def test_of_what_was_never_heard_of_it_is_not_known_that_nothing_happened(ledger: Served) -> None:
    await ledger.say(event())
    for query, said in (
        ("service=nobody", "Nothing is known of a service nobody."),
        ("environment=nowhere", "No environment nowhere has reported."),
    ):
        for path in ("history", "history.atom"):
            await ledger.get(f"/{path}?{query}&kind=failed", 404)
        assert said in (await ledger.http.get(f"/board/history?{query}")).text
    assert (await ledger.get("/history?service=orders&environment=staging&kind=failed"))["items"] == []


async def test_nor_is_what_happens_in_a_time_to_come(ledger: Served) -> None:
    await ledger.say(event())
    for query, refused, said in (
        ("from=2999-01-01", "2999-01-01 has not happened yet.", "2999-01-01 has not happened yet."),
        ("from=2026-02-01&to=2026-01-01", "The period has no length.", "2026-01-01 is not after 2026-02-01."),
    ):
        for path in ("history", "history.atom"):
            assert (await ledger.get(f"/{path}?{query}", 400))["detail"] == refused
        page = (await ledger.http.get(f"/board/history?{query}")).text
        assert said in page
    assert (await ledger.get("/figures?from=2999-01-01", 400))["detail"].endswith("UTC has not happened yet.")
    assert len((await ledger.get("/history?to=2999-01-01"))["items"]) == 1


async def test_what_is_asked_twice_is_refused(ledger: Served) -> None:
    await ledger.say(event())
    for path in ("/history?kind=failed&kind=arrived", "/environments/staging?at=2026-01-01&at=2026-01-01"):
        [error] = (await ledger.get(path, 400))["errors"]
        assert error.endswith(": it is given more than once")
    wrong = (await ledger.get("/environments/staging/compare?with=Production", 400))["errors"]
    assert wrong == ["with: it must be the name of an environment: lower-case letters, digits and dashes, at most 63"]


async def test_the_board_of_an_environment_is_shown_however_many_there_are(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for environment in ("staging", "production"):
        await ledger.say(event(name=environment), environment)
    monkeypatch.setattr(state, "MOST", 1)
    page = (await ledger.http.get("/?environment=production")).text
    assert '/board/services/production"' in page
    assert '/board/services/staging"' not in page


@pytest.mark.long
async def test_a_badge_says_what_is_known(database_url: str) -> None:
    async with served(database_url, ENVIRONMENTS="live = staging + production") as ledger:
        await ledger.say(event())
        for name, said in (
            ("orders/staging", "orders staging: 1.4.2"),
            ("orders/live", "orders live: 1.4.2"),
            ("web/staging", "web staging: not there"),
            ("orders/production", "orders production: unknown"),
        ):
            badge = await ledger.http.get(f"/badge/{name}.svg")
            assert f"<title>{said}</title>" in badge.text
            known = {"If-None-Match": badge.headers["etag"]}
            again = await ledger.http.get(f"/badge/{name}.svg", headers=known)
            assert (again.status_code, again.content) == (304, b"")
        known = {"If-None-Match": (await ledger.http.get("/badge/orders/staging.svg")).headers["etag"]}
        await ledger.say(event("UpgradeFailed", "1.5.0", resource_version=2))
        changed = await ledger.http.get("/badge/orders/staging.svg", headers=known)
        assert (changed.status_code, "1.4.2 failing" in changed.text) == (200, True)
    async with served(database_url, READS="token") as ledger:
        shown = {"Authorization": f"Bearer {await ledger.token('read')}"}
        for headers in ({}, shown):
            assert (await ledger.http.get("/badge/orders/staging.svg", headers=headers)).status_code == 404
