"""The ledger over HTTP: files releases and answers what runs where."""

import hmac
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct, structs

from ..document import Waybill, chart_of
from ..errors import Refused
from .http import Answer, Client, Patience, may_have_credential, within
from .http_failure import Denied, NoAnswer, Peer, unencrypted

PATIENCE = Patience(whole=30)
KEPT = "Everything before this step is done and kept; run the same command again when the ledger works again"
PEER = Peer("ledger", "The ledger", "`ledger` in waybill.toml", "WAYBILL_LEDGER_TOKEN")
FILING = structs.replace(PEER, kept=f"{KEPT}.")
WRITE, CALLER, HOOKS = "releases:write", "/caller", "/hooks/flux/"
MOST = 100  # arrivals that are looked at


class Caller(Struct):
    """What the ledger says of the token shown: `service` is the only one that it may write for, `accepts` are the
    numbers of the documents that the ledger takes, `now` is its time."""

    scopes: list[str]
    service: str | None
    accepts: list[int]
    expires_at: datetime | None = None
    now: datetime | None = None


class StageAnswer(Struct, frozen=True):
    """An environment, or a group of several, as the ledger's ENVIRONMENTS has it."""

    name: str
    environments: tuple[str, ...]


class StagesAnswer(Struct, frozen=True):
    items: list[StageAnswer]


class Ledger:
    """The ledger at `url`; `token` is sent as a bearer token, and only when there is one."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def caller(self) -> Caller | None:
        """What the token may do; None of a ledger that is older than this question. Refused without asking where the
        token may not be sent."""
        if self._headers and not may_have_credential(self.url):
            raise unencrypted(PEER, self.url)
        answer = self._ask("GET", CALLER, bearing=(404,))
        if answer.status == 404:
            self._refuse_elsewhere()
            return None
        try:
            return answer.decode(Caller)
        except ValueError as error:
            raise self._no_ledger(error) from error

    def file(self, waybill: Waybill) -> tuple[bool, dict[str, Any]]:
        """Files the release: whether it is new, and the receipt. The same release again gives the first receipt."""
        content = msgspec.json.encode(waybill)
        answer = self._ask("POST", "/releases", content=content, bearing=(400,))
        if answer.status == 400 and self.caller() is None:
            raise older_ledger("it takes no waybill of number 2")
        if answer.status == 400:
            raise self._refused(answer, "/releases", content)
        receipt = self._object(answer)
        if not (isinstance(receipt.get("id"), int) and isinstance(receipt.get("recorded_at"), str)):
            raise self._no_ledger("its receipt has no id, or no time")
        if (receipt.get("service"), receipt.get("version")) != (waybill.service, chart_of(waybill).version):
            raise self._no_ledger("its receipt is of another release")
        return answer.status == 201, receipt

    def release(self, service: str, version: str) -> dict[str, Any] | None:
        """The waybill with receipt, proposals and arrivals; None where none was filed."""
        answer = self._ask("GET", f"/releases/{service}/{version}", bearing=(404,))
        if answer.status == 404:
            return None
        found = self._object(answer)
        chart = found.get("chart")
        if found.get("service") != service or not isinstance(chart, dict) or chart.get("version") != version:
            raise self._no_ledger(f"asked for {service} {version}, it answers with another release")
        return found

    def knows(self, environment: str, key: str) -> bool:
        """Whether `key` is one of the environment's webhook keys; nothing is kept. Refused where the ledger cannot
        tell."""
        body = b'{"check": true}'
        signature = hmac.digest(key.encode(), body, "sha256").hex()
        path = f"{HOOKS}{environment}/check"
        answer = self._ask(
            "POST", path, content=body, bearing=(401, 404), headers={"X-Signature": f"sha256={signature}"}
        )
        return answer.status == 204

    def environment(self, name: str, at: str = "") -> dict[str, Any] | None:
        """What runs in an environment, or ran at the time `at` (RFC 3339, UTC); None where it never reported."""
        return self.get(f"/environments/{name}{f'?at={at}' if at else ''}")

    def stages(self) -> list[StageAnswer]:
        """In the order of promotion; none where its ENVIRONMENTS is not set, or it is older than this question."""
        found = self.get("/stages")
        try:
            return msgspec.convert(found, StagesAnswer).items if found else []
        except msgspec.ValidationError as error:
            raise self._no_ledger(error) from error

    def arrivals(self, environment: str, service: str) -> dict[str, Any] | None:
        """The newest arrivals of a service there; None where the environment never reported."""
        return self.get(f"/environments/{environment}/arrivals?service={service}&limit={MOST}")

    def get(self, path: str, patience: Patience | None = None, *, must_be_known: bool = False) -> dict[str, Any] | None:
        """The answer to GET `path`, which begins with `/`; None where the ledger does not know what it names, or with
        `must_be_known` is older than the question. What a parameter of it holds is the user's."""
        answer = self._ask("GET", path, bearing=(400, 404), patience=patience)
        if answer.status == 400 or (must_be_known and answer.status == 404 and _says_what_to_do(answer)):
            raise _wrong(answer)
        if answer.status == 404:
            self._refuse_elsewhere()
            return None
        return self._object(answer)

    def _refuse_elsewhere(self) -> None:
        """After a 404: refuses where the list of releases, which every ledger has, is not found either."""
        with suppress(Denied):
            if self._ask("GET", "/releases?limit=1", bearing=(404,)).status == 404:
                raise self._no_ledger("it has no releases below this address")

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        bearing: Collection[int] = (),
        patience: Patience | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A success, or a ledger's own refusal with a status of `bearing`; NoAnswer where the ledger is not well."""
        sent = {**self._headers, **({"Content-Type": "application/json"} if content else {}), **(headers or {})}
        # To file the same release again changes nothing, so every request may be repeated.

        def send(client: Client) -> Answer:
            return client.send(method, f"{self.url}{path}", headers=sent, content=content)

        answer = within(FILING if content else PEER, self.url, patience or PATIENCE, send)
        known = _is_problem(answer)
        if answer.ok or (known and answer.status in bearing):
            return answer
        if answer.status == 404 and not known:
            raise self._no_ledger("it does not know this address")
        raise self._refused(answer, path, content)

    @staticmethod
    def _refused(answer: Answer, path: str, content: bytes | None) -> Refused:
        scope = f"{WRITE} for this service" if content or path == CALLER else "read: this ledger is not public"
        kind = NoAnswer if answer.is_temporary else Denied if answer.status in (401, 403) else Refused
        return kind(f"The ledger answered {answer.status}: {_detail(answer)}.", _remedy(answer, scope), fault="ledger")

    def _object(self, answer: Answer) -> dict[str, Any]:
        try:
            return answer.decode(dict[str, Any])
        except ValueError as error:
            raise self._no_ledger(error) from error

    def _no_ledger(self, cause: object) -> Refused:
        return Refused(
            f"What answers at {self.url} is no ledger: {cause}.", "Correct `ledger` in waybill.toml.", fault="ledger"
        )


def older_ledger(how: str) -> Refused:
    return Refused(
        f"The ledger is older than this Waybill: {how}.",
        "Deploy the ledger first, then the release tool; until then use the Waybill that fits the ledger.",
        fault="ledger",
    )


def _is_problem(answer: Answer) -> bool:
    """Whether a ledger refused, and nothing before it (RFC 9457)."""
    try:
        told = answer.decode(dict[str, Any]).get("status")
    except ValueError:
        return False
    return told == answer.status and answer.headers.get("Content-Type", "").startswith("application/problem+json")


def _detail(answer: Answer) -> str:
    """The text of a problem (RFC 9457) in one line, with the fields that the ledger names."""
    try:
        problem = answer.decode(dict[str, Any])
    except ValueError:
        return HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "no reason given"
    said = [str(problem.get(key)).rstrip(".") for key in ("title", "detail") if problem.get(key)]
    named = problem.get("differs") or problem.get("errors") or []
    fields = ", ".join(map(str, named)) if isinstance(named, list) else ""
    return " ".join((": ".join(said) + (f" ({fields})" if fields else "")).split())[:500]


def _says_what_to_do(answer: Answer) -> bool:
    """As a ledger does that knows the question."""
    return bool(answer.decode(dict[str, Any]).get("remedy"))


def _wrong(answer: Answer) -> Refused:
    """Of a question whose parameters are wrong: what the ledger says of them alone."""
    problem = answer.decode(dict[str, Any])
    errors = problem.get("errors")
    what = "; ".join(map(str, errors)) if isinstance(errors, list) and errors else problem.get("detail") or "400"
    remedy = str(problem.get("remedy") or "Correct it.")[:500]
    return Refused(f"{' '.join(str(what).split())[:500].rstrip('.')}.", remedy, fault="you")


def _remedy(answer: Answer, scope: str) -> str:
    """Chosen by the status, since texts change."""
    if answer.status in (401, 403):
        return f"Give WAYBILL_LEDGER_TOKEN a token with the scope {scope}."
    if answer.is_redirect:
        where = answer.headers.get("Location", "")[:200] or "its new address"
        return f"Set `ledger` in waybill.toml to where it sends you: {where}."
    if answer.status < 400:
        return "Check that `ledger` in waybill.toml is a ledger's address, and that no proxy answers in its place."
    if answer.status == 409:
        return "Another release holds this service and version; look at it before you ship again."
    if answer.is_temporary:
        return f"{KEPT}."
    return "Correct what it names; the release tool and the ledger may be of different versions."
