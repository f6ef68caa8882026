"""Every page of the board says which command tells the same, and where it is as JSON. Both work as they stand there."""

import html
import re
import shlex

import pytest

from tests.support.service.story import Asker, Story, ago

JSON = re.compile(r'href="([^"]+)">the same as JSON')
COMMAND = re.compile(r"In a terminal: <code>(.*?)</code>")
THEN = f"{ago(10):%Y-%m-%d %H:%M}"
PAGES = (
    "/",
    "/?behind=1",
    "/board/services/orders",
    "/board/environments/staging",
    f"/board/environments/staging?at={THEN}",
    "/board/environments/staging?at=soon",
    "/board/environments/staging?at=2999-01-01",
    "/board/compare",
    f"/board/compare?first=staging&second=staging&at={THEN}",
    f"/board/compare?first=staging&second=production&with_at={THEN}",
    "/board/history",
    f"/board/history?service=orders&environment=staging&kind=failed&from={THEN}&to=2999-01-01",
    "/board/history?service=nobody%20$(id)&from=soon",
    "/board/releases/orders/1.1.0",
    f"/board/environments/staging/said?place=apps/orders&at={ago(30):%Y-%m-%d}",
    "/board/search?q=1",
    f"/board/search?q={'110'.rjust(40, 'c')[:-1]}",
    "/board/search?q=$(id)",
    "/board/search?q=`id`;id|id%0Aid",
    "/board/search?q=-h",
    "/board/elsewhere",
)


@pytest.mark.parametrize("path", PAGES)
def test_it_works_as_it_stands_there(ask: Asker, story: Story, path: str) -> None:
    page = story.get(path)
    if page.is_redirect:
        page = story.get(page.headers["location"])
    [command] = COMMAND.findall(page.text)
    words = shlex.split(html.unescape(command))
    assert words[0] == "waybill"
    assert not {"-h", "id"} & set(words)
    ran = ask(*words[1:])
    assert (ran.code, ran.stderr) == (0, "")
    [address] = JSON.findall(page.text)
    answer = story.get(html.unescape(address))
    assert answer.status_code == 200
    assert answer.json()
