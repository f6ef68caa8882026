"""Requests to a forge about one repository, and the refusals that its answers become."""

from abc import ABC, abstractmethod
from typing import Any, TypeVar

import msgspec

from ..addresses import normalise
from ..clients.http import Answer, Client, Patience, within
from ..clients.http_failure import Peer
from ..errors import Refused

T = TypeVar("T")
PATIENCE = Patience(whole=30)
KEPT = "The steps before this one are done: run the same command again when it answers."
PEER = Peer("forge", "The forge", "`gitops` in waybill.toml", "WAYBILL_FORGE_TOKEN", KEPT)
MOVED = "The repository moved: set `gitops` in waybill.toml to its new address."


class Rest(ABC):
    """`remote` is the address of the repository as git knows it; without a `token` only public ones can be read."""

    def __init__(self, remote: str, token: str | None) -> None:
        self.root, self.owner, self.repository = split_remote(remote)
        self.token = token

    @property
    @abstractmethod
    def api(self) -> str:
        """The address of the forge's API, without a trailing `/`."""

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
        """The answer to one request about the repository, or to `url`: a success, or a status of `refused`."""
        url = url or f"{self.api}/repos/{self.owner}/{self.repository}{path}"
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = msgspec.json.encode(fields) if fields else None
        if content:
            headers["Content-Type"] = "application/json"

        def send(client: Client) -> Answer:
            return client.send(method, url, query=query, content=content, headers=headers, repeatable=repeatable)

        answer = within(PEER, self.root, PATIENCE, send)
        if answer.ok or answer.status in refused:
            return answer
        raise self.refusal(answer)

    def refusal(self, answer: Answer) -> Refused:
        said = " ".join(explain(answer).split())[:500]
        return Refused(
            f"{answer.method} {answer.url.path} at {self.root}: {answer.status} {said}".strip() + ".",
            remedy(answer),
            fault="forge",
        )

    def decode(self, answer: Answer, kind: type[T]) -> T:
        try:
            return answer.decode(kind)
        except ValueError as error:
            raise Refused(
                f"{self.root} gave an answer that no forge of this kind gives: {error}.",
                "Check that `gitops` and `forge` in waybill.toml belong together.",
                fault="forge",
            ) from error


def remedy(answer: Answer) -> str:
    status, headers = answer.status, answer.headers
    # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    if status == 429 or (status == 403 and ("Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0")):
        wait = headers.get("Retry-After", "")
        return f"It limits requests: run the same command again {f'in {wait} s' if wait.isdecimal() else 'in an hour'}."
    if status >= 500:
        return "The forge has an internal error. The steps before this one are done: run the same command again later."
    return {
        301: MOVED,
        302: MOVED,
        307: MOVED,
        308: MOVED,
        401: "Give WAYBILL_FORGE_TOKEN a token that is valid there.",
        403: "Give WAYBILL_FORGE_TOKEN a token that may write pull requests of this repository.",
        404: "Give WAYBILL_FORGE_TOKEN a token that may see this repository, or correct `gitops` and `forge` in "
        "waybill.toml.",
    }.get(status, "Correct what it names, then run the same command again.")


def explain(answer: Answer) -> str:
    """The `message` of an error body, with GitHub's details."""
    try:
        body = answer.decode(dict[str, Any])
    except ValueError:
        return ""
    errors = body["errors"] if isinstance(body.get("errors"), list) else []
    details = [detail.get("message") for detail in errors if isinstance(detail, dict)]
    return "; ".join(str(text) for text in (body.get("message"), *details) if text)


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
