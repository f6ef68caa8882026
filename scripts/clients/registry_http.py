"""HTTP to registries: a deadline that holds, challenges for a login, and refusals instead of guesses.

Protocol: https://github.com/opencontainers/distribution-spec/blob/main/spec.md; challenges:
https://distribution.github.io/distribution/spec/auth/token/.
"""

import re
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit
from urllib.request import parse_http_list, parse_keqv_list

import msgspec
from msgspec import Struct

from ..errors import Refused
from .registry_login import IDENTITY_TOKEN, Login, find

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
LARGEST = 64 * 2**20  # bytes of one answer
HOPS = 5


@dataclass(frozen=True)
class Patience:
    """Seconds to wait: for a connection, for the next bytes, and for a whole call."""

    connect: float = 3
    read: float = 10
    whole: float = 14


PATIENCE = Patience()


class Denied(Refused):
    """401 or 403: whether the thing exists is not known."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    head: "httpx.Response"


class _Token(Struct):
    token: str = ""
    access_token: str = ""


class _Error(Struct):
    code: str = ""


class _Errors(Struct):
    errors: list[_Error] = []


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or address, with or without port) is this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def within(patience: Patience, host: str, call: Callable[[], T]) -> T:
    """What `call` returns or raises; refused when it has not ended in time, whatever it waits for (name server,
    a byte now and then, a credential helper): it runs in a thread that dies with the process.
    """
    done: Future[T] = Future()

    def work() -> None:
        try:
            done.set_result(call())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return done.result(patience.whole)
    except TimeoutError as error:
        raise _unreachable(host, f"did not finish within {patience.whole:g} s") from error


class Connection:
    """GETs from one registry host; a login is looked up when the registry asks for it, and kept for the connection."""

    def __init__(self, host: str, scope: str, plain_http: bool, patience: Patience) -> None:
        self.host = host
        self._scope = scope
        self._local = is_loopback(host)
        self._origin = f"{'http' if self._local or plain_http else 'https'}://{host}"
        self._authorization: str | None = None
        self._patience = patience
        self._clients: dict[str, httpx.Client] = {}

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def get(self, path: str, *, accept: str = "*/*", may_move: bool = False) -> Answer:
        """The answer with status 200 or 404 to a GET of `path`; every other one is refused.

        With `may_move`, redirects are followed, without the login when they lead to another host: registries keep
        blobs in object stores. What comes from there must be verified.
        """
        answer = self._ask(f"{self._origin}{path}", accept)
        if answer.status == 401 and self._authorization is None:
            self._authorization = self._answer_challenge(answer)
            answer = self._ask(f"{self._origin}{path}", accept)
        for _ in range(HOPS if may_move else 0):
            if answer.head.next_request is None:
                break
            answer = self._ask(str(answer.head.next_request.url), accept)
        if answer.status not in (200, 404):
            raise self._refusal(answer)
        return answer

    def next_page(self, answer: Answer) -> str | None:
        """The path of the next page (RFC 8288), which must lie on the same host: it is asked with the login."""
        link = answer.head.links.get("next", {}).get("url")
        if link is None:
            return None
        url = answer.head.url.join(link)
        if not str(url).startswith(f"{self._origin}/"):
            raise self.garbage(answer.head.url.path, "its list continues at another host")
        return url.raw_path.decode()

    def garbage(self, path: str, why: object) -> Refused:
        return Refused(
            f"What {self.host} answered for {path} is not what a registry says: {why}.",
            "Check that the address is a registry's, and that no proxy answers in its place.",
            fault="registry",
        )

    def _client(self, scheme: str) -> "httpx.Client":
        """One for each scheme, since reading the certificates that https needs takes as long as a small registry's
        answers."""
        import httpx

        if scheme not in self._clients:
            self._clients[scheme] = httpx.Client(
                timeout=httpx.Timeout(self._patience.read, connect=self._patience.connect),
                verify=scheme != "http" and _trusted(),
                trust_env=not self._local,  # a proxy would carry plain HTTP off this machine
                headers={"User-Agent": "waybill", "Accept-Encoding": "identity"},
            )
        return self._clients[scheme]

    def _ask(self, url: str, accept: str) -> Answer:
        headers = {"Accept": accept}
        if self._authorization and url.startswith(f"{self._origin}/"):
            headers["Authorization"] = self._authorization
        return self._send("GET", url, headers=headers)

    def _send(self, method: Literal["GET", "POST"], url: str, **more: Any) -> Answer:
        """One request without redirects. It goes to HTTPS, to this machine or to the registry, nowhere else."""
        import httpx

        where = urlsplit(url)
        trusted = where.scheme == "https" or (self._local and is_loopback(where.netloc))
        if not trusted and not url.startswith(f"{self._origin}/"):
            raise self.garbage(where.path, f"it redirects to {where.scheme}://{where.netloc}, which is not encrypted")
        try:
            with self._client(where.scheme).stream(method, url, **more) as head:
                body = bytearray()
                for chunk in head.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        raise self.garbage(where.path, f"it has more than {LARGEST} bytes")
        except httpx.TimeoutException as error:
            raise _unreachable(where.netloc, "does not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(where.netloc, f"cannot be reached: {error or type(error).__name__}") from error
        return Answer(head.status_code, bytes(body), head)

    def _answer_challenge(self, answer: Answer) -> str:
        """The Authorization header that the registry asks for, with a login of this machine or, for a token, none."""
        import httpx

        login = find(self.host)
        if login and not (self._local or self._origin.startswith("https:")):
            raise Denied(
                f"{self.host} asks for a login over plain HTTP.",
                "Serve it over HTTPS: credentials are sent only there, or to this machine.",
                fault="registry",
            )
        for line in answer.head.headers.get_list("www-authenticate"):
            scheme, _, rest = line.partition(" ")
            if scheme.lower() == "bearer":
                return f"Bearer {self._token(parse_keqv_list(parse_http_list(rest)), login)}"
            if scheme.lower() == "basic" and login:
                request = httpx.Request("GET", self._origin)
                return str(next(httpx.BasicAuth(login.user, login.secret).auth_flow(request)).headers["Authorization"])
        raise self._refusal(answer)

    def _token(self, challenge: Mapping[str, str], login: Login | None) -> str:
        realm, asked = challenge.get("realm", ""), {"service": challenge.get("service", ""), "scope": self._scope}
        if login and login.user == IDENTITY_TOKEN:
            form = asked | {"grant_type": "refresh_token", "refresh_token": login.secret, "client_id": "waybill"}
            answer = self._send("POST", realm, data=form)
        else:
            answer = self._send("GET", realm, params=asked, auth=(login.user, login.secret) if login else None)
        if answer.status != 200:
            raise self._refusal(answer)
        try:
            token = msgspec.json.decode(answer.body, type=_Token)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self.garbage(urlsplit(realm).path, error) from error
        return token.token or token.access_token

    def _refusal(self, answer: Answer) -> Refused:
        """Codes are shown, messages are not: a registry could write anything into them."""
        path, status = answer.head.url.path, answer.status
        try:
            codes = [error.code for error in msgspec.json.decode(answer.body, type=_Errors).errors]
        except (msgspec.MsgspecError, UnicodeDecodeError):
            codes = []
        said = " ".join([str(status), *(f"({code})" for code in codes if re.fullmatch(r"[A-Z_]{1,40}", code))])
        what = f"{answer.head.url.netloc.decode()} answered {said} for {path}; whether it exists there is not known."
        if status in (401, 403):
            return Denied(
                what,
                f"Log in with `helm registry login {self.host}` or `docker login {self.host}`, as somebody who may.",
                fault="registry",
            )
        if status == 429 or status >= 500:
            return Refused(what, "Run it again when the registry works; nothing was changed there.", fault="registry")
        return Refused(
            what, "Check that the address is a registry's, and that no proxy answers in its place.", fault="registry"
        )


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that this machine trusts, as helm and git do."""
    return ssl.create_default_context()


def _unreachable(host: str, why: str) -> Refused:
    return Refused(
        f"The registry at {host} {why}; what it holds is not known.",
        "Check its address, the network and the registry, then run it again.",
        fault="registry",
    )
