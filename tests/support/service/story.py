"""A ledger with a story in it: releases that ran, that wait, that failed, and some that nobody filed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.support.builders import Ran

from .replica import Replica, command, replica
from .served import KEYS, document, event, gitops, signature

FAILED = (
    "Helm upgrade failed for release apps/orders with chart orders@1.2.0: 1 error occurred:\n"
    "\t* job migrate failed: <b>timed out</b>\n\n\nLast Helm logs:\n\nnothing"
)
Asker = Callable[..., Ran]
NOW = datetime.now(UTC).replace(microsecond=0)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


class Story:
    """A running ledger, and what is reported to it."""

    def __init__(self, it: Replica, token: str) -> None:
        self.url, self.token = it.url, token
        self._http = it.http()
        self._headers = {"Authorization": f"Bearer {token}"}

    def file(self, version: str, service: str = "orders", environment: str = "staging") -> None:
        number = version.replace(".", "")
        whole = document(
            service,
            version,
            image={"digest": f"sha256:{number.rjust(64, 'a')}"},
            source={"commit": number.rjust(40, "c")},
            by={"run": "https://example.org/runs/1"},
            gitops={**gitops("1", environment), "proposal": {"url": "https://example.org/pull/7"}},
        )
        assert self._http.post("/releases", json=whole, headers=self._headers).status_code in (200, 201)

    def say(self, environment: str, reason: str, revision: str, hours: float, **more: object) -> None:
        body = json.dumps(event(reason, revision, at=ago(hours), **more)).encode()
        headers = {"X-Signature": signature(body, KEYS[environment][0])}
        answer = self._http.post(f"/hooks/flux/{environment}", content=body, headers=headers)
        assert answer.status_code == 201, answer.text

    def see(self, environment: str, taken: datetime, **more: object) -> None:
        """An observer saw all of the namespace `other`, in which nothing is."""
        whole = {"taken_at": f"{taken:%Y-%m-%dT%H:%M:%SZ}", "namespaces": ["other"], "helmreleases": [], **more}
        body = json.dumps(whole).encode()
        headers = {"X-Signature": signature(body, KEYS[environment][0])}
        assert self._http.post(f"/hooks/flux/{environment}/snapshot", content=body, headers=headers).status_code == 201

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)


def tell(story: Story) -> None:
    """Releases that ran, wait, failed, were never filed, and one whose chart is not the published one."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        story.file(version)
    story.file("1.1.0", environment="production")
    story.file("2.0.0", "web")
    story.say("staging", "InstallSucceeded", "1.0.0", 20)
    story.say("production", "InstallSucceeded", "1.0.0", 18)
    story.say("staging", "UpgradeSucceeded", "1.1.0", 8)
    story.say("staging", "UpgradeFailed", "1.2.0", 2, message=FAILED)
    story.say("staging", "RollbackSucceeded", "1.1.0", 1.9)
    story.say("staging", "InstallSucceeded", "9.9.9", 5, name="web")
    story.say("staging", "TestFailed", "9.9.9", 4, name="web")
    story.say("staging", "InstallFailed", "0.1.0", 3, name="mailer")
    wrong = {"revision": "2.0.0", "oci-digest": f"sha256:{'0' * 64}"}
    story.say("production", "InstallSucceeded", "2.0.0", 6, name="web", metadata=wrong)


@contextmanager
def telling(folder: Path, **settings: str) -> Iterator[Story]:
    url = f"sqlite:///{folder / 'ledger.db'}"
    assert command(url, "migrate").code == 0
    token = command(url, "token", "create", "--scope", "releases:write", "--scope", "read").stdout.strip()
    with replica(url, folder / "log", **settings) as it:
        story = Story(it, token)
        tell(story)
        yield story
