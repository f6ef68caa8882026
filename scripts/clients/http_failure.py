"""What a request that failed means: whose fault, the cause, and a remedy that is chosen by the cause."""

import socket
import ssl
from collections.abc import Iterator

from msgspec import Struct

from ..errors import Fault, Refused
from .proxy import Proxy

# OpenSSL's numbers (x509_vfy.h) for what is wrong with the certificate itself, whoever looks at it: its time, its
# purpose, its names, its key or the way it is signed.
CERTIFICATES_OWN = {9, 10, 23, 26, 62, 64, 66, 67, 68}


_TLS = "Check that {0.address} is one of HTTPS, with TLS 1.2 or newer, and that it asks for no client's certificate"


class Peer(Struct, frozen=True):
    """Who is asked: its `name` for a sentence, the setting that holds its `address`, what holds the `credential`, and
    what a user may rely on when it fails (`kept`)."""

    fault: Fault
    name: str
    address: str
    credential: str
    kept: str = ""


class NoAnswer(Refused):
    """Nothing that could be used was answered; the same command may succeed later."""


class Denied(Refused):
    """401 or 403: whether the thing exists is not known."""


def no_answer(peer: Peer, place: str, why: str, remedy: str = "") -> NoAnswer:
    """`why` completes the sentence that begins with the peer's name and place."""
    first = remedy or f"Check {peer.address}, the network, and that it runs"
    after = peer.kept or "Then run the same command again."
    return NoAnswer(f"{peer.name} at {place} {why}.", f"{first}. {after}", fault=peer.fault)


def failure(error: Exception, peer: Peer, place: str, proxy: Proxy | None) -> Refused:
    import httpx

    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause, peer, place, proxy)
    unconnected = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
    encrypted = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if isinstance(error, httpx.ProxyError) or (proxy and unconnected and not encrypted):
        return proxy_refused(proxy, place, _words(error, causes), peer)
    if isinstance(error, httpx.InvalidURL) or (isinstance(error, ValueError) and not unconnected):
        return no_address(peer, place)
    remedy = ""
    if isinstance(error, httpx.TimeoutException):
        why = "does not answer in time"
    elif encrypted:
        why, remedy = f"cannot be asked with TLS: {encrypted.reason or encrypted}", _TLS.format(peer)
    else:
        verb = "does not answer, it cannot be reached" if unconnected else "does not answer as HTTP servers do"
        why = f"{verb}: {_words(error, causes)}"
    if proxy:  # which of the two it is cannot be told
        why = f"{why} (through the proxy {proxy.place}, which {proxy.variable} names)"
        remedy = f"Check that the proxy lets this through, or name the host in NO_PROXY; else check {peer.address}"
    return no_answer(peer, place, why, remedy)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: Exception, causes: list[BaseException]) -> str:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "no name server knows this name"
    return str(error).rstrip(".") or type(error).__name__


def _certificate(error: ssl.SSLCertVerificationError, peer: Peer, place: str, proxy: Proxy | None) -> Refused:
    what = f"cannot be trusted: {error.verify_message.rstrip('.') or error.reason}"
    if error.verify_code in CERTIFICATES_OWN:
        return no_answer(
            peer, place, what, f"Renew its certificate, or correct {peer.address}, and this machine's clock"
        )
    via = f", or that of the proxy in {proxy.variable}" if proxy else ""
    return Refused(
        f"{peer.name} at {place} {what}.",
        f"Add the authority that signed its certificate{via} to this machine's trust store, or name a file with that "
        "authority in SSL_CERT_FILE.",
        fault="machine",
    )


def proxy_refused(proxy: Proxy | None, place: str, why: str, peer: Peer) -> Refused:
    if proxy is None:
        return no_answer(peer, place, f"answers as a proxy does: {why}")
    return Refused(
        f"The proxy {proxy.place}, which {proxy.variable} names, gives no way to {place}: {why}.",
        f"Correct {proxy.variable} (with user and password, where the proxy wants them), or name the host in NO_PROXY.",
        fault="machine",
    )


def no_address(peer: Peer, url: str) -> Refused:
    """What stands before an `@` may be a password, and is not shown."""
    return Refused(
        f"{peer.name} cannot be asked at {url.rpartition('@')[2]!r}, which is no address.",
        f"Correct {peer.address}: http(s)://host[:port]/path, without user and password.",
        fault="you",
    )


def no_credential(peer: Peer) -> Refused:
    return Refused(
        f"What {peer.credential} holds cannot be sent: a header takes no line ends, control characters or letters "
        "outside ASCII.",
        f"Give {peer.credential} the token alone, as it was issued.",
        fault="you",
    )


def unencrypted(peer: Peer, place: str) -> Refused:
    return Refused(
        f"{place} is not https, so what {peer.credential} holds would be sent unencrypted.",
        f"Give {peer.address} as https://...; only this machine itself (localhost) may be asked over http.",
        fault="you",
    )


def too_much(peer: Peer, place: str, largest: int) -> Refused:
    return no_answer(peer, place, f"answers with more than {largest:,} bytes")
