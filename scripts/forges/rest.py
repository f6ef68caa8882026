"""Requests to a forge about one repository, and the refusals that its answers become."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from ..addresses import normalise
from ..clients.git_credential import credential_of
from ..clients.http import PAGES, Answer, Client, Patience, within
from ..clients.http_failure import Peer
from ..errors import Refused

T = TypeVar("T")
PATIENCE = Patience(whole=30)
LIST = 120  # seconds
KEPT = "The steps before this one are done: run the same command again when it answers."
PEER = Peer("forge", "The forge", "`gitops` in waybill.toml", "WAYBILL_FORGE_TOKEN", KEPT)
MOVED = "The repository moved: set `gitops` in waybill.toml to its new address."
NO_FORGE = "Check that `gitops` and `forge` in waybill.toml belong together, and that no proxy answers in its place."


class Rest(ABC):
    """`remote` is the address of the repository as git knows it; without a `token` only public ones can be read.
    `address` is where people see the repository, `root` where they see the forge. It `lends` the token to git where
    that pushes to an address that takes one."""

    def __init__(self, remote: str, token: str | None) -> None:
        self.root, self.owner, self.repository = split_remote(remote)
        self.address = f"{self.root}/{self.owner}/{self.repository}"
        self.token = token
        self.lends = credential_of(remote, token) is not None

    @property
    @abstractmethod
    def api(self) -> str:
        """The address of the forge's API, without a trailing `/`."""

    @property
    def place(self) -> str:
        """The address of the repository in the API."""
        return f"{self.api}/repos/{self.owner}/{self.repository}"

    def call(
        self,
        method: str,
        path: str,
        fields: dict[str, Any] | None = None,
        *,
        query: dict[str, str] | None = None,
        refused: tuple[int, ...] = (),
        repeatable: bool = True,
        url: str = "",
    ) -> Answer:
        """The answer to one request about the repository, or to `url`: a success, or a status of `refused` in the
        forge's own words: proxies have theirs."""
        url = url or f"{self.place}{path}"
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = msgspec.json.encode(fields) if fields else None
        if content:
            headers["Content-Type"] = "application/json"

        def send(client: Client) -> Answer:
            return client.send(method, url, query=query, content=content, headers=headers, repeatable=repeatable)

        answer = within(PEER, self.root, PATIENCE, send)
        if answer.status in refused:
            self.decode(answer, dict[str, Any])
        elif not answer.ok:
            raise self.refusal(answer)
        elif answer.body:
            self.decode(answer, Any)
        return answer

    def walk(
        self, path: str, query: dict[str, str], kind: type[T], *, url: str = "", absent: tuple[int, ...] = ()
    ) -> Iterator[T]:
        """Every item of a list, page by page until an empty one, for which Gitea may say null; no page is asked for
        after LIST seconds. A status of `absent` says that there is no such list."""
        until = time.monotonic() + LIST
        for page in range(1, PAGES + 1):
            answer = self.call("GET", path, query={**query, "page": str(page)}, refused=absent, url=url)
            items: list[T] | None = self.decode(answer, list[kind] | None) if answer.ok else None  # type: ignore[valid-type, arg-type]
            yield from items or []
            if not items:
                return
            if time.monotonic() > until:
                break
        raise Refused(
            f"{answer.url.path} at {self.root} goes on after {page} pages, and what is looked for is not on them.",
            "Close or remove there what nobody needs any more, then run the same command again.",
            fault="forge",
        )

    def refusal(self, answer: Answer) -> Refused:
        said = " ".join(explain(answer).split())[:500]
        return Refused(
            f"{answer.method} {answer.url.path} at {self.root}: {answer.status} {said}".strip() + ".",
            remedy(answer),
            fault="forge",
        )

    def stopped(self, what: str, remedy: str) -> Refused:
        """`what` completes the sentence that begins with the repository's address."""
        return Refused(f"{self.address} {what}.", f"{remedy}, then run the same command again.", fault="forge")

    def no_label(self, names: Iterable[str]) -> Refused:
        return self.stopped(f"has no label {', '.join(names)}", "Create it there, or correct `labels` in waybill.toml")

    def no_reviewer(self, names: Iterable[str]) -> Refused:
        return self.stopped(
            f"has nobody who could review as {', '.join(names)}",
            "Give them access there, or correct `reviewers` in waybill.toml (a user's name, or GROUP/TEAM)",
        )

    def decode(self, answer: Answer, kind: type[T]) -> T:
        try:
            return answer.decode(kind)
        except ValueError as error:
            raise Refused(
                f"{self.root} gave an answer that no forge of this kind gives: {error}.",
                NO_FORGE,
                fault="forge",
            ) from error


def remedy(answer: Answer) -> str:
    status, headers = answer.status, answer.headers
    # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    if status == 429 or (status == 403 and ("Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0")):
        return f"It limits requests: run the same command again {_wait(answer)}."
    if answer.is_temporary:
        return "The forge is not well. The steps before this one are done: run the same command again later."
    if answer.is_redirect:
        return MOVED
    if status < 400:
        return NO_FORGE
    return {
        401: "Give WAYBILL_FORGE_TOKEN a token that is valid there.",
        403: "Give WAYBILL_FORGE_TOKEN a token that may write pull requests of this repository.",
        404: "Give WAYBILL_FORGE_TOKEN a token that may see this repository, or correct `gitops` and `forge` in "
        "waybill.toml.",
    }.get(status, "Correct what it names, then run the same command again.")


def _wait(answer: Answer) -> str:
    """What a forge that limits requests says: seconds, or the time (since the epoch) at which it begins anew."""
    if re.fullmatch("[0-9]{1,9}", wait := answer.headers.get("Retry-After", "")):
        return f"in {wait} s"
    for name in ("RateLimit-Reset", "X-RateLimit-Reset"):
        if re.fullmatch("[0-9]{1,12}", reset := answer.headers.get(name, "")):
            return f"in {max(1, int(reset) - int(time.time()))} s"
    return "in an hour"


def explain(answer: Answer) -> str:
    """What an error body says: a message and GitHub's details, or one of GitLab's several forms.

    https://docs.gitlab.com/api/rest/troubleshooting/
    """
    try:
        body = answer.decode(dict[str, Any])
    except ValueError:
        return ""
    errors = body["errors"] if isinstance(body.get("errors"), list) else []
    details = [detail.get("message") for detail in errors if isinstance(detail, dict)]
    told = body.get("message") or body.get("error_description") or body.get("error")
    return "; ".join(text for part in (told, *details) if (text := _words(part)))


def _words(told: Any) -> str:
    if isinstance(told, dict):
        return "; ".join(f"{key} {_words(part)}" for key, part in told.items())
    return ", ".join(map(_words, told)) if isinstance(told, list) else str(told or "")


def split_remote(remote: str) -> tuple[str, str, str]:
    """Web address, owner and name of a repository, of any form of its git remote."""
    scheme, _, address = normalise(remote).partition("://")
    *root, owner, name = ["", "", *address.split("/")]
    if not any(root) or scheme not in ("http", "https"):
        raise Refused(
            f"{remote} does not name a repository of a forge.",
            "Give `gitops` in waybill.toml as https://host/owner/name.",
            fault="you",
        )
    return f"{scheme}://{'/'.join(filter(None, root))}", owner, name
