"""The ledger over HTTP: files releases and answers what runs where."""

from typing import TYPE_CHECKING, Any

import msgspec

from ..document import Waybill
from ..errors import Refused

if TYPE_CHECKING:
    import httpx

TIMEOUT = 10  # seconds, for each of connecting, writing and reading


class Ledger:
    """The ledger at `url`; `token` is sent as a bearer token, and only when there is one."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def file(self, waybill: Waybill) -> tuple[bool, dict[str, Any]]:
        """Files the release: whether it is new, and the receipt. The same release again gives the first receipt."""
        answer = self._ask("POST", "/releases", content=msgspec.json.encode(waybill))
        return answer.status_code == 201, self._object(answer)

    def release(self, service: str, version: str) -> dict[str, Any] | None:
        """The waybill with receipt, proposals and arrivals; None where none was filed."""
        answer = self._ask("GET", f"/releases/{service}/{version}", absent=True)
        return None if answer.status_code == 404 else self._object(answer)

    def environment(self, name: str) -> dict[str, Any] | None:
        """What runs in an environment; None where it never reported."""
        answer = self._ask("GET", f"/environments/{name}", absent=True)
        return None if answer.status_code == 404 else self._object(answer)

    def _ask(self, method: str, path: str, *, content: bytes | None = None, absent: bool = False) -> "httpx.Response":
        import httpx

        headers = self._headers | ({"Content-Type": "application/json"} if content else {})
        try:
            answer = httpx.request(method, f"{self.url}{path}", content=content, headers=headers, timeout=TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Refused(
                f"The ledger at {self.url} does not answer: {str(error).rstrip('.')}.",
                "Everything before this step is done and kept; run the same command again when the ledger is up, "
                "or, after `ship`, `waybill record`."
                if method == "POST"
                else "Check that the address is right and that the ledger runs.",
                fault="ledger",
            ) from error
        known = answer.headers.get("Content-Type", "").startswith("application/problem+json")
        if answer.is_success or (absent and known and answer.status_code == 404):
            return answer
        if answer.status_code == 404 and not known:
            raise self._no_ledger("it does not know this address")
        raise Refused(f"The ledger answered {answer.status_code}: {_detail(answer)}.", _remedy(answer), fault="ledger")

    def _object(self, answer: "httpx.Response") -> dict[str, Any]:
        try:
            return msgspec.json.decode(answer.content, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._no_ledger(error) from error

    def _no_ledger(self, cause: object) -> Refused:
        return Refused(
            f"What answers at {self.url} is no ledger: {cause}.", "Correct `ledger` in waybill.toml.", fault="ledger"
        )


def _detail(answer: "httpx.Response") -> str:
    """The text of a problem (RFC 9457), with the fields that the ledger names."""
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return answer.reason_phrase
    said = [str(problem.get(key)).rstrip(".") for key in ("title", "detail") if problem.get(key)]
    named = problem.get("differs") or problem.get("errors") or []
    return ": ".join(said) + (f" ({', '.join(map(str, named))})" if named else "")


def _remedy(answer: "httpx.Response") -> str:
    if answer.status_code in (401, 403) and answer.request.method == "GET":
        return "Give WAYBILL_LEDGER_TOKEN a token with the scope read: this ledger is not public."
    if answer.status_code in (401, 403):
        return "Give WAYBILL_LEDGER_TOKEN a token with the scope releases:write for this service."
    if answer.is_redirect:
        return f"Set `ledger` in waybill.toml to where it sends you: {answer.headers.get('Location')}."
    if answer.status_code == 409:
        return "Another release holds this service and version; look at it before you ship again."
    if answer.status_code >= 500:
        return "Everything before this step is done and kept; run the same command again when the ledger works again."
    return "Correct what it names; the release tool and the ledger may be of different versions."
