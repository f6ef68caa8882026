"""What HTTP to registries has of its own: challenges for a login, moved blobs, and refusals instead of guesses.

Protocol: https://github.com/opencontainers/distribution-spec/blob/main/spec.md; challenges:
https://distribution.github.io/distribution/spec/auth/token/.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import parse_http_list, parse_keqv_list

from msgspec import Struct

from ..errors import Refused
from .http import ANSWER, HEADER_VALUE, Answer, Client
from .http_failure import Denied, Peer
from .proxy import is_loopback
from .registry_login import Login, find

if TYPE_CHECKING:
    import httpx

BLOB = 64 * 2**20  # bytes of the largest
HOPS = 5
LINK = re.compile(r"""<([^<>]*)>[^<>]*?;\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))""", re.IGNORECASE)
PEER = Peer(
    "registry",
    "The registry",
    "the registry's address",
    "its login",
    "What it holds is not known; run the same command again.",
)


WORKS = "Run the same command again when the registry works."


class _Token(Struct):
    token: str = ""
    access_token: str = ""


class _Error(Struct):
    code: Any = ""


class _Errors(Struct):
    errors: list[_Error]


class Body(NamedTuple):
    data: bytes
    media_type: str


class Connection:
    """Requests to one registry host; a login is looked up when the registry asks for it, and kept."""

    def __init__(self, client: Client, host: str, scope: str, plain_http: bool, *, anonymous: bool = False) -> None:
        import httpx

        self.host = host
        self._anonymous = anonymous
        self._client = client
        self._scope = scope
        self._local = is_loopback(host)
        self._origin = str(httpx.URL(f"{'http' if self._local or plain_http else 'https'}://{host}"))
        self._authorization: str | None = None

    def get(self, path: str, *, accept: str = "*/*", may_move: bool = False, largest: int = ANSWER) -> Answer:
        """The answer with status 200 or 404 to a GET of `path`; every other one is refused, and a 404 that is not a
        registry's: proxies and web servers answer it too, with a text or a page of their own.

        With `may_move`, redirects are followed, without the login when they lead to another host: registries keep
        blobs in object stores. What comes from there must be verified.
        """
        answer = self._let_in("GET", path, accept, largest)
        for _ in range(HOPS if may_move else 0):
            if not answer.is_redirect or "Location" not in answer.headers:
                break
            answer = self._ask("GET", str(self._joined(answer, answer.headers["Location"])), accept, largest)
        if answer.status not in (200, 404) or (answer.status == 404 and answer.body and self._codes(answer) is None):
            raise self._refusal(answer)
        return answer

    def ask_for_list(self, path: str, media_type: str) -> Answer | None:
        """A list of this media type; None where the registry does not know `path`, whatever it answers then."""
        answer = self._let_in("GET", path, media_type)
        if answer.status in (400, 404, 405, 406):
            return None
        if answer.status != 200:
            raise self._refusal(answer)
        told = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return answer if told == media_type else None

    def begin_upload(self, path: str) -> None:
        """Begins an upload with a POST to `path` and cancels it; refused where the registry takes none.

        https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs; one that is not
        cancelled expires.
        """
        answer = self._let_in("POST", path)
        if answer.status == 404:
            raise Refused(
                f"{self.host} has no place for an upload at {path}, and makes none by itself ({self._said(answer)}).",
                f"Create the repository {path.removeprefix('/v2/').removesuffix('/blobs/uploads/')} there, or correct "
                "its address in waybill.toml (`registry`, `artifact`).",
                fault="registry",
            )
        if answer.status in (401, 403):
            raise Denied(
                f"{self.host} lets nobody with this login push to {path}: it answered {self._said(answer)}.",
                f"Log in with `helm registry login {self.host}`, as somebody who may push there.",
                fault="registry",
            )
        if answer.status != 202:
            raise self._refusal(answer)
        with suppress(Refused):
            self._ask("DELETE", str(self._joined(answer, answer.headers.get("Location", ""))))

    def has_blob(self, path: str) -> bool:
        answer = self._let_in("HEAD", path)
        if answer.status not in (200, 404):
            raise self._refusal(answer)
        return answer.status == 200

    def upload(self, path: str, data: bytes, digest: str) -> None:
        """Uploads a blob in one piece, which a POST to `path` begins. Registries answer with an address, absolute or
        not, that may lie in an object store."""
        begun = self._let_in("POST", path)
        if begun.status != 202:
            raise self._untaken(begun)
        where = self._joined(begun, begun.headers.get("Location", "")).copy_add_param("digest", digest)
        answer = self._ask("PUT", str(where), body=Body(data, "application/octet-stream"))
        if answer.status != 201:
            raise self._untaken(answer)

    def put(self, path: str, data: bytes, media_type: str) -> None:
        answer = self._let_in("PUT", path, body=Body(data, media_type))
        if answer.status != 201:
            raise self._untaken(answer)

    def _untaken(self, answer: Answer) -> Refused:
        if answer.is_temporary:
            what = f"{self.host} answered {self._said(answer)} to what was pushed to {answer.url.path}"
            after = f"{WORKS} It completes what this one began."
            return Refused(f"{what}; whether it took that is not known.", after, fault="registry")
        what = f"{self.host} did not take what was pushed to {answer.url.path}: it answered {self._said(answer)}."
        if answer.status in (401, 403):
            return Denied(
                what,
                f"Log in with `helm registry login {self.host}`, as somebody who may push there.",
                fault="registry",
            )
        return Refused(
            what,
            "Let the registry take OCI artifacts and tags there, then run the same command again.",
            fault="registry",
        )

    def next_page(self, answer: Answer) -> str | None:
        """The path of the next page (RFC 8288), which must lie on the same host: it is asked with the login."""
        links = [link for line in answer.headers.get_list("Link") for link in LINK.findall(line)]
        where = next((where for where, *rel in links if "next" in "".join(rel).lower().split()), None)
        if where is None:
            return None
        url = self._joined(answer, where)
        if not str(url).startswith(f"{self._origin}/"):
            raise self.garbage(answer.url.path, "its list continues at another host")
        return url.raw_path.decode()

    def _joined(self, answer: Answer, where: str) -> "httpx.URL":
        import httpx

        try:
            return answer.url.join(where)
        except (httpx.InvalidURL, ValueError) as error:
            raise self.garbage(answer.url.path, f"it leads to what is no address: {error}") from error

    def garbage(self, path: str, why: object) -> Refused:
        return Refused(
            f"What {self.host} answered for {path} is not what a registry says: {why}.",
            "Check that the address is a registry's, and that no proxy answers in its place.",
            fault="registry",
        )

    def _let_in(
        self, method: str, path: str, accept: str = "*/*", largest: int = ANSWER, *, body: Body | None = None
    ) -> Answer:
        """The answer, after a login where the registry asks for one."""
        answer = self._ask(method, f"{self._origin}{path}", accept, largest, body=body)
        if answer.status == 401 and self._authorization is None:
            self._authorization = self._answer_challenge(answer)
            answer = self._ask(method, f"{self._origin}{path}", accept, largest, body=body)
        return answer

    def _ask(
        self, method: str, url: str, accept: str = "*/*", largest: int = ANSWER, *, body: Body | None = None
    ) -> Answer:
        headers = {"Accept": accept} | ({"Content-Type": body.media_type} if body else {})
        if self._authorization and url.startswith(f"{self._origin}/"):
            headers["Authorization"] = self._authorization
        self._check(url)
        return self._client.send(method, url, headers=headers, content=body and body.data, largest=largest)

    def _check(self, url: str) -> None:
        """Refuses what leads elsewhere than to HTTPS, to this machine from itself, or to the registry."""
        try:
            where = urlsplit(url)
        except ValueError as error:
            raise self.garbage("", f"it leads to what is no address: {error}") from error
        trusted = where.scheme == "https" or (where.scheme == "http" and self._local and is_loopback(where.netloc))
        if not trusted and not url.startswith(f"{self._origin}/"):
            raise self.garbage(where.path, f"it leads to {where.scheme}://{where.netloc}, which is not encrypted")

    def _answer_challenge(self, answer: Answer) -> str:
        """The Authorization header that the registry asks for, with a login of this machine or, for a token, none."""
        login = None if self._anonymous else find(self.host)
        if login and not (self._local or self._origin.startswith("https:")):
            raise Denied(
                f"{self.host} asks for a login over plain HTTP.",
                "Serve it over HTTPS: credentials are sent only there, or to this machine.",
                fault="registry",
            )
        for line in answer.headers.get_list("www-authenticate"):
            scheme, _, rest = line.partition(" ")
            if scheme.lower() == "bearer" and login and login.access_token:
                return f"Bearer {login.access_token}"
            if scheme.lower() == "bearer":
                return f"Bearer {self._token(self._challenge(answer, rest), login)}"
            if scheme.lower() == "basic" and login and login.user:
                return _basic(login)
        raise self._refusal(answer)

    def _challenge(self, answer: Answer, text: str) -> dict[str, str]:
        try:
            found = parse_keqv_list(parse_http_list(text))
            if not found.get("realm"):
                raise ValueError("it names nobody who gives a token")
        except (ValueError, IndexError) as error:  # the latter for a value that is missing
            raise self.garbage(answer.url.path, "it asks for a login in no known way") from error
        return found

    def _token(self, challenge: Mapping[str, str], login: Login | None) -> str:
        realm, asked = challenge["realm"], {"service": challenge.get("service", ""), "scope": self._scope}
        self._check(realm)
        if login and login.refresh_token:
            form = asked | {"grant_type": "refresh_token", "refresh_token": login.refresh_token, "client_id": "waybill"}
            answer = self._client.send("POST", realm, headers={}, form=form, repeatable=False)
        else:
            headers = {"Authorization": _basic(login)} if login and login.user else {}
            answer = self._client.send("GET", realm, headers=headers, query=asked)
        if answer.status != 200:
            raise self._refusal(answer)
        try:
            kept = answer.decode(_Token)
        except ValueError as error:
            raise self.garbage(answer.url.path, error) from error
        token = kept.token or kept.access_token
        if not HEADER_VALUE.fullmatch(token):
            raise self.garbage(answer.url.path, "its token is none that a header can hold")
        return token

    def _said(self, answer: Answer) -> str:
        """The status and codes. Messages are not shown: a registry could write anything into them."""
        told = (f"({code})" for code in (self._codes(answer) or [])[:3] if re.fullmatch(r"[A-Z_]{1,40}", code))
        return " ".join([str(answer.status), *told])

    @staticmethod
    def _codes(answer: Answer) -> list[str] | None:
        """Those in the body of an error; None where it is none that a registry writes."""
        try:
            return [str(error.code) for error in answer.decode(_Errors).errors]
        except ValueError:
            return None

    def _refusal(self, answer: Answer) -> Refused:
        path, status, said = answer.url.path, answer.status, self._said(answer)
        what = f"{answer.url.netloc.decode()} answered {said} for {path}; whether it exists there is not known."
        if status in (401, 403):
            return Denied(
                what,
                f"Log in with `helm registry login {self.host}` or `docker login {self.host}`, as somebody who may.",
                fault="registry",
            )
        if answer.is_temporary:
            return Refused(what, WORKS, fault="registry")
        return Refused(
            what, "Check that the address is a registry's, and that no proxy answers in its place.", fault="registry"
        )


def _basic(login: Login) -> str:
    return f"Basic {b64encode(f'{login.user}:{login.password}'.encode(errors='surrogateescape')).decode()}"
