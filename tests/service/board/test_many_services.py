"""What pages weigh, and cost, at 1,000 services: long lists have pages."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from service.database.lifespan import opened
from service.ledger.events import take
from service.ledger.events.take import Signed

from ...support.service.processor import processor_seconds
from ...support.service.replica import Replica, replica
from ...support.service.served import event
from .test_weight import BYTES, SENT

MANY = 1_000
NOW = datetime.now(UTC).replace(microsecond=0)
PAGES = (
    "/",
    "/?page=7",
    "/board/compare",
    "/board/compare?sort=waiting&page=4",
    "/board/environments/staging",
    "/board/history",
    "/board/search?q=s",
    "/board/services/s0400",
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """A ledger with 1,000 services, each with another version in staging than in production."""
    folder = tmp_path_factory.mktemp("many")
    url = f"sqlite:///{folder / 'ledger.db'}"

    async def fill() -> None:
        async with opened(url):
            bodies = [
                (name, json.dumps(event(revision=version, name=f"s{number:04}", at=NOW - timedelta(hours=1))).encode())
                for number in range(MANY)
                for name, version in (("staging", "1.1.0"), ("production", "1.0.0"))
            ]
            await asyncio.gather(*(take.take(Signed(name, body, NOW)) for name, body in bodies))

    asyncio.run(fill())
    with replica(url, folder / "log", ENVIRONMENTS="staging, production") as it:
        yield it


@pytest.mark.long
@pytest.mark.parametrize("path", PAGES)
def test_with_a_thousand_services_a_page_is_as_light(many: Replica, path: str) -> None:
    with many.http() as http:
        whole = http.get(path, headers={"Accept-Encoding": "identity"})
        packed = http.get(path, headers={"Accept-Encoding": "gzip"})
    assert whole.status_code == 200
    assert len(whole.content) < BYTES
    assert packed.num_bytes_downloaded < SENT


@pytest.mark.long
@pytest.mark.parametrize("path", ["/", "/board/compare"])
def test_each_of_a_thousand_services_is_on_one_page(many: Replica, path: str) -> None:
    found, following = list[str](), path
    with many.http() as http:
        while following:
            page = http.get(following).text
            found += re.findall(r'<th scope="row"><a href="/board/services/([^"]+)"', page)
            [following] = re.findall(r'rel="next" href="([^"]+)"', page.replace("&amp;", "&")) or [""]
    assert sorted(found) == [f"s{number:04}" for number in range(MANY)]


def test_with_a_thousand_services_the_board_is_made_in_300_ms(many: Replica) -> None:
    assert processor_seconds(many, "/", 0.3) < 0.3
