"""Requests to a forge about one repository, and the refusals that its answers become."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from ..addresses import normalise
from ..errors import Refused

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
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
        fields: dict[str, str] | None = None,
        *,
        query: dict[str, str] | None = None,
        refused: tuple[int, ...] = (),
    ) -> "httpx.Response":
        """The answer to one request about the repository: a success, or a status of `refused`."""
        import httpx

        url = f"{self.api}/repos/{self.owner}/{self.repository}{path}"
        headers = {"Accept": "application/json", "User-Agent": "waybill"}
        if self.token:
            if url.startswith("http://") and urlsplit(url).hostname not in LOOPBACK:
                raise Refused(
                    f"{self.root} is not https, so the forge's token would be sent unencrypted.",
                    "Give `gitops` as https://...",
                    fault="you",
                )
            headers["Authorization"] = f"Bearer {self.token}"
        timeout = httpx.Timeout(10, connect=3)
        try:
            answer = httpx.request(method, url, params=query, json=fields, headers=headers, timeout=timeout)
        except httpx.HTTPError as error:
            raise Refused(
                f"{self.root} did not answer {method} {path}: {error or type(error).__name__}.",
                "The steps before this one are done: run the same command again when it answers.",
                fault="forge",
            ) from error
        if answer.is_success or answer.status_code in refused:
            return answer
        raise self.refusal(answer)

    def refusal(self, answer: "httpx.Response") -> Refused:
        said = " ".join(explain(answer).split())[:500]
        return Refused(
            f"{answer.request.method} {answer.request.url.path} at {self.root}: {answer.status_code} {said}".strip()
            + ".",
            remedy(answer),
            fault="forge",
        )

    def decode(self, answer: "httpx.Response", kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Refused(
                f"{self.root} gave an answer that no forge of this kind gives: {error}.",
                "Check that `gitops` and `forge` in waybill.toml belong together.",
                fault="forge",
            ) from error


def remedy(answer: "httpx.Response") -> str:
    status, headers = answer.status_code, answer.headers
    # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    if status == 429 or (status == 403 and ("Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0")):
        wait = headers.get("Retry-After")
        return f"It limits requests: run the same command again {f'in {wait} s' if wait else 'in an hour'}."
    if status >= 500:
        return "The forge has an internal error. The steps before this one are done: run the same command again later."
    return {
        301: MOVED,
        307: MOVED,
        308: MOVED,
        401: "Give WAYBILL_FORGE_TOKEN a token that is valid there.",
        403: "Give WAYBILL_FORGE_TOKEN a token that may write pull requests of this repository.",
        404: "Give WAYBILL_FORGE_TOKEN a token that may see this repository, or correct `gitops` and `forge` in "
        "waybill.toml.",
    }.get(status, "Correct what it names, then run the same command again.")


def explain(answer: "httpx.Response") -> str:
    """The `message` of an error body, with GitHub's details."""
    try:
        body = answer.json()
        details = [detail.get("message", "") for detail in body.get("errors", []) if isinstance(detail, dict)]
        return "; ".join(filter(None, [body.get("message"), *details]))
    except (ValueError, AttributeError, TypeError):
        return ""


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
