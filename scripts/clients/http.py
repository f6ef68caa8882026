"""The one HTTP client, of forge, ledger and registry: bounded in time and bytes, and every failure is a Refused."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from .http_failure import Peer, failure, no_address, no_answer, no_credential, proxy_refused, too_much, unencrypted
from .proxy import Proxy, is_loopback, proxy_for
from .trust import trusted

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
ANSWER = 16 * 2**20  # bytes of one answer, and of all pages of a list
PAGES = 100  # of one list
REPEATS = 2
HEADERS = {"User-Agent": "waybill", "Accept-Encoding": "identity"}  # what is not decoded cannot grow
# Not more than visible ASCII in words: https://www.rfc-editor.org/rfc/rfc9110#name-field-values
HEADER_VALUE = re.compile(r"[!-~]+( [!-~]+)*")


class Patience(Struct, frozen=True):
    """Seconds to wait: for a connection, for the next bytes, and for a whole call, its repeats and pages included."""

    connect: float = 3
    read: float = 10
    whole: float = 14


PATIENCE = Patience()


class Answer(Struct, frozen=True):
    method: str
    url: "httpx.URL"
    status: int
    headers: "httpx.Headers"
    body: bytes

    @property
    def ok(self) -> bool:
        """Done, and said whole. 202 is not done yet, 203 is what a proxy made of an answer, 206 a part of one."""
        return self.status in (200, 201, 204)

    @property
    def is_temporary(self) -> bool:
        """The same request may fare otherwise later."""
        return self.status in (408, 425, 429) or self.status >= 500

    @property
    def is_redirect(self) -> bool:
        return self.status in (301, 302, 303, 307, 308)

    def decode(self, shape: type[T]) -> T:
        """The JSON of the body; ValueError where it is none of this shape."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(str(error)) from error


def may_have_credential(url: str) -> bool:
    """Whether what is sent to `url` is encrypted or stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.netloc)


def within(peer: Peer, place: str, patience: Patience, call: "Callable[[Client], T]") -> T:
    """What `call` returns or raises; refused when it has not ended in time, whatever it waits for (name server,
    a byte now and then, a credential helper): it runs in a thread that dies with the process.
    """
    done: Future[T] = Future()

    def work() -> None:
        try:
            with Client(peer, patience) as client:
                done.set_result(call(client))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return done.result(patience.whole)
    except TimeoutError as error:
        raise no_answer(peer, place, f"did not finish within {patience.whole:g} s") from error


class Client:
    """Requests to one peer. Redirects are not followed, and nothing is kept but connections, until it is closed."""

    def __init__(self, peer: Peer, patience: Patience) -> None:
        self._peer, self._patience = peer, patience
        self._until = time.monotonic() + patience.whole
        self._clients: dict[tuple[str, Proxy | None], httpx.Client] = {}

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        repeatable: bool = True,
        largest: int = ANSWER,
    ) -> Answer:
        """The answer, whatever its status. A request that is `repeatable` without harm is sent again after 429 and 503,
        at most twice, where what Retry-After asks for (1 s without it) fits into the time for the whole call.

        An Authorization header travels over https or stays on this machine; else nothing is sent.
        """
        import httpx

        place = self._place(url, headers)
        proxy = proxy_for(url)
        for repeat in range(REPEATS + 1):
            try:
                client = self._client(url.partition(":")[0].lower(), proxy)
                request = client.build_request(
                    method, url, headers={**HEADERS, **headers}, content=content, data=form, params=query
                )
                answer = self._once(client, request, place, largest)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
                raise failure(error, self._peer, place, proxy) from error
            if answer.status == 407:
                raise proxy_refused(proxy, place, "407 Proxy Authentication Required", self._peer)
            wait = _pause(answer)
            if answer.status not in (429, 503) or not repeatable or time.monotonic() + wait + 1 > self._until:
                break
            if repeat < REPEATS:
                time.sleep(wait)
        return answer

    def _place(self, url: str, headers: Mapping[str, str]) -> str:
        """The origin of a `url` that may be asked with `headers`."""
        try:
            parts = urlsplit(url)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound or "@" in parts.netloc:
            raise no_address(self._peer, url)
        origin, credential = f"{parts.scheme}://{parts.netloc}", headers.get("Authorization")
        if credential and not HEADER_VALUE.fullmatch(credential):
            raise no_credential(self._peer)
        if credential and not may_have_credential(url):
            raise unencrypted(self._peer, origin)
        return origin

    def _once(self, client: "httpx.Client", request: "httpx.Request", place: str, largest: int) -> Answer:
        body = bytearray()
        head = client.send(request, stream=True)
        try:
            for chunk in head.iter_raw():
                body += chunk
                if len(body) > largest:
                    raise too_much(self._peer, place, largest)
        finally:
            head.close()
        return Answer(request.method, request.url, head.status_code, head.headers, bytes(body))

    def _client(self, scheme: str, proxy: Proxy | None) -> "httpx.Client":
        """One for each scheme, since reading the certificates that https needs takes as long as a small registry's
        answers. httpx reads nothing of the environment: its way to read NO_PROXY fails on what curl takes."""
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        if (scheme, proxy) not in self._clients:
            context = trusted() if scheme == "https" else None
            tls_to_proxy = trusted() if proxy and proxy.url.startswith("https:") else None
            self._clients[scheme, proxy] = httpx.Client(
                timeout=httpx.Timeout(self._patience.read, connect=self._patience.connect),
                verify=context or False,
                proxy=httpx.Proxy(proxy.url, ssl_context=tls_to_proxy) if proxy else None,
                cookies=CookieJar(DefaultCookiePolicy(netscape=False)),  # which takes none
                trust_env=False,
            )
        return self._clients[scheme, proxy]


def _pause(answer: Answer) -> float:
    """Seconds that the answer asks to wait (RFC 9110, Retry-After: a number or a date)."""
    asked = answer.headers.get("Retry-After", "")
    if re.fullmatch(r"[0-9]+", asked):
        return int(asked[:9])
    try:
        return max(0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 1
