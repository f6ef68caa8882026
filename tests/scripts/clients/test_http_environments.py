"""Whatever the environment says about proxies and certificates: an answer, or a refusal with cause and remedy. Forge,
ledger and registry are asked by one client, so each row holds for all three."""

import shutil
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import truststore

from scripts.clients.http import Patience
from scripts.clients.ledger import Ledger
from scripts.clients.registry import Registry
from scripts.clients.trust import trusted
from scripts.errors import Refused
from scripts.forges.github import GitHub
from tests.support.raw_http import OK, sends
from tests.support.registry_stand_in import answering, says, speaks_no_http
from tests.support.tls_stand_in import Authority, answering_tls, tunnel

VARIABLES = [
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"),
]
PASSWORD = "planted-passw0rd"
PEERS: dict[str, Callable[[str], object]] = {
    "ledger": lambda origin: Ledger(origin, "wb_planted").release("orders", "1.0.0"),
    "forge": lambda origin: GitHub(f"{origin}/acme/fleet", "planted").find("apps/orders", "main"),
    "registry": lambda origin: Registry(patience=Patience(1, 2, 8)).tags(f"{origin.partition('://')[2]}/orders"),
}


def answers(request: BaseHTTPRequestHandler) -> None:
    """What each of the three takes for an answer."""
    release = b'{"service": "orders", "chart": {"version": "1.0.0"}, "tags": ["1.0.0"]}'
    says(200, b"[]" if "/pulls" in request.path else release)(request)


@dataclass
class World:
    """Words in the rows' variables and addresses stand for what runs here."""

    folder: Path
    words: dict[str, str]
    proxied: list[tuple[str, str | None]] = field(default_factory=list)

    def fill(self, text: str) -> str:
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("tls")
    ours, other = Authority(folder / "ours"), Authority(folder / "other")
    good = ours.certificate("DNS:localhost", "DNS:peer.example", "IP:0.0.0.0")
    here = World(folder, {})
    (folder / "garbage.pem").write_text("no certificate")
    (folder / "empty.pem").write_text("")
    (folder / "hashed").mkdir()
    shutil.copy(ours.file, folder / "hashed")
    subprocess.run(["openssl", "rehash", folder / "hashed"], check=True)
    with ExitStack() as stack:
        ports = {
            "GOOD": stack.enter_context(answering_tls(answers, good)),
            "EXPIRED": stack.enter_context(answering_tls(answers, ours.certificate("IP:0.0.0.0", days=-1))),
            "STRANGER": stack.enter_context(answering_tls(answers, ours.certificate("DNS:somebody.example"))),
            "SMALL": stack.enter_context(answering_tls(answers, ours.certificate("IP:0.0.0.0", bits=1024))),
            "WEAK": stack.enter_context(answering_tls(answers, ours.certificate("IP:0.0.0.0", signed="sha1"))),
            "CLIENTS": stack.enter_context(answering_tls(answers, ours.certificate("IP:0.0.0.0", use="clientAuth"))),
            "OLD": stack.enter_context(answering_tls(answers, good, newest=ssl.TLSVersion.TLSv1_1)),
            "MUTUAL": stack.enter_context(answering_tls(answers, good, clients=ours.file)),
        }
        behaviours = tunnel(ports["GOOD"], here.proxied), answers, says(403), says(407), sends(OK), speaks_no_http
        proxy, plain, deny, wants, ends, odd = (stack.enter_context(answering(behave)) for behave in behaviours)
        ports["SECURE"] = stack.enter_context(answering_tls(tunnel(ports["GOOD"], here.proxied), good))
        here.words |= {
            "PROXY": proxy,
            "PLAIN": plain,
            "DENIES": deny,
            "WANTS": wants,
            "ENDS": ends,
            "ODD": odd,
            "AUTHORITY": str(ours.file),
            "OTHERS": str(other.file),
            "FOLDER": str(folder),
            **{name: str(port) for name, port in ports.items()},
        }
        yield here


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own environment, and no logins."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


LOOPBACK, TLS, NAMED = "http://PLAIN", "https://0.0.0.0:GOOD", "https://peer.example"
CA = "SSL_CERT_FILE=AUTHORITY"
DEAD = f"{CA} https_proxy=http://127.0.0.1:1"
VIA_DEAD = ("machine", "The proxy 127.0.0.1:1, which https_proxy names", "NO_PROXY")
NO_PROXYS_ADDRESS = ("machine", "https_proxy is no address of a proxy", "http://host:port")
IN_BETWEEN = ("peer", "which https_proxy names)", "Check that the proxy lets this through")
OTHER_KIND = ("machine", "which Waybill does not support", "http://host:port")
UNREADABLE = ("machine", "certificates that SSL_CERT_FILE names cannot be read", "unset SSL_CERT_FILE")
UNTRUSTED = ("machine", "cannot be trusted", "SSL_CERT_FILE")
Expected = tuple[str, str, str] | None

# The environment (NAME=VALUE, `_` for a blank in a value), the address, and how it is refused, None where it answers.
ROWS: dict[str, tuple[str, str, Expected]] = {
    "nothing set": ("", LOOPBACK, None),
    "loopback is never proxied": ("http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1", LOOPBACK, None),
    "loopback, and NO_PROXY with an IPv6 network": ("NO_PROXY=localhost,127.0.0.1,::1/128", LOOPBACK, None),
    "loopback, and a SOCKS proxy": ("ALL_PROXY=socks://127.0.0.1:1", LOOPBACK, None),
    "loopback, and a proxy that is no address": ("https_proxy=http://[ http_proxy=http://[", LOOPBACK, None),
    "loopback over http, and certificates that are not there": ("SSL_CERT_FILE=/absent", LOOPBACK, None),
    "a file for TLS keys that cannot be written": (f"{CA} SSLKEYLOGFILE=/absent/keys", TLS, None),
    "socks://": ("ALL_PROXY=socks://127.0.0.1:1080", NAMED, OTHER_KIND),
    "socks5h://": ("https_proxy=socks5h://127.0.0.1:1080", NAMED, OTHER_KIND),
    "ftp://": ("all_proxy=ftp://127.0.0.1", NAMED, OTHER_KIND),
    "a proxy with half an IPv6 address": ("https_proxy=http://[::1", NAMED, NO_PROXYS_ADDRESS),
    "a proxy with a port too high": ("https_proxy=http://127.0.0.1:99999", NAMED, NO_PROXYS_ADDRESS),
    "a proxy with a port that is no number": ("https_proxy=http://127.0.0.1:http", NAMED, NO_PROXYS_ADDRESS),
    "a proxy without a host": ("https_proxy=http://", NAMED, NO_PROXYS_ADDRESS),
    "a proxy with a blank in its password": (
        f"https_proxy=http://ada:{PASSWORD}_x@127.0.0.1:1",
        NAMED,
        NO_PROXYS_ADDRESS,
    ),
    "a proxy with an unescaped slash in its password": (
        f"https_proxy=http://ada:{PASSWORD}/x@127.0.0.1:1",
        NAMED,
        NO_PROXYS_ADDRESS,
    ),
    "a proxy whose name has an empty label": ("https_proxy=http://a..b:1", NAMED, NO_PROXYS_ADDRESS),
    "a proxy that nobody listens at": (f"https_proxy=http://ada:{PASSWORD}@127.0.0.1:1 {CA}", NAMED, VIA_DEAD),
    "a proxy that denies": (f"https_proxy=http://DENIES {CA}", NAMED, ("machine", "403", "https_proxy")),
    "a proxy that answers in the peer's place": (f"https_proxy=http://PLAIN {CA}", NAMED, IN_BETWEEN),
    "a proxy that ends in the middle": (f"https_proxy=http://ENDS {CA}", NAMED, IN_BETWEEN),
    "a proxy of another protocol": (f"https_proxy=http://ODD {CA}", NAMED, IN_BETWEEN),
    "a proxy that wants a login": (f"HTTPS_PROXY=WANTS {CA}", NAMED, ("machine", "407", "user and password")),
    "a proxy": (f"https_proxy=http://PROXY {CA}", NAMED, None),
    "a proxy without a scheme": (f"HTTPS_PROXY=PROXY {CA}", NAMED, None),
    "a proxy for all": (f"ALL_PROXY=http://PROXY/ {CA}", NAMED, None),
    "a proxy that is asked over TLS": (f"https_proxy=https://0.0.0.0:SECURE {CA}", NAMED, None),
    "the lower case comes first": (f"HTTPS_PROXY=http://127.0.0.1:1 https_proxy=http://PROXY {CA}", NAMED, None),
    "an empty one is not there": (f"https_proxy= all_proxy=http://PROXY {CA}", NAMED, None),
    "NO_PROXY names others": (f"https_proxy=http://PROXY NO_PROXY=xample,er.example {CA}", NAMED, None),
    "a proxy, and an authority that is not trusted": (
        "https_proxy=http://PROXY SSL_CERT_FILE=OTHERS",
        NAMED,
        UNTRUSTED,
    ),
    "elsewhere through a dead proxy": (DEAD, TLS, VIA_DEAD),
    "NO_PROXY with an address": (f"{DEAD} NO_PROXY=0.0.0.0", TLS, None),
    "no_proxy with a network": (f"{DEAD} no_proxy=10.0.0.0/8,0.0.0.0/8", TLS, None),
    "NO_PROXY with a network and IPv6": (f"{DEAD} NO_PROXY=::1/128,0.0.0.0/32", TLS, None),
    "NO_PROXY with blanks": (f"{DEAD} NO_PROXY=_localhost_,_0.0.0.0_", TLS, None),
    "NO_PROXY with the port": (f"{DEAD} NO_PROXY=0.0.0.0:GOOD", TLS, None),
    "NO_PROXY with another port": (f"{DEAD} NO_PROXY=0.0.0.0:1", TLS, VIA_DEAD),
    "NO_PROXY with a star": (f"{DEAD} NO_PROXY=*", TLS, None),
    "NO_PROXY with what nobody can read": (f"{DEAD} NO_PROXY=0.0.0.0/33,[::,://,/8,:,0.0.0.0/x,%", TLS, VIA_DEAD),
    "the authority in SSL_CERT_FILE": (CA, TLS, None),
    "the authority in SSL_CERT_DIR": ("SSL_CERT_DIR=/absent:FOLDER/hashed", TLS, None),
    "SSL_CERT_DIR without it": ("SSL_CERT_DIR=FOLDER", TLS, UNTRUSTED),
    "SSL_CERT_FILE is not there": ("SSL_CERT_FILE=/absent/ca.pem", TLS, UNREADABLE),
    "SSL_CERT_FILE is a folder": ("SSL_CERT_FILE=FOLDER", TLS, UNREADABLE),
    "SSL_CERT_FILE is no certificate": ("SSL_CERT_FILE=FOLDER/garbage.pem", TLS, UNREADABLE),
    "SSL_CERT_FILE is empty": ("SSL_CERT_FILE=FOLDER/empty.pem", TLS, UNREADABLE),
    "SSL_CERT_DIR is not there": ("SSL_CERT_DIR=/absent", TLS, ("machine", "SSL_CERT_DIR names", "unset SSL_CERT_DIR")),
    "another authority": ("SSL_CERT_FILE=OTHERS", TLS, UNTRUSTED),
    "an authority that this machine does not know": ("", TLS, UNTRUSTED),
    "a certificate that has expired": (CA, "https://0.0.0.0:EXPIRED", ("peer", "expired", "Renew its certificate")),
    "a certificate with a small key": (CA, "https://0.0.0.0:SMALL", ("peer", "too weak", "Renew its certificate")),
    "a certificate signed in a weak way": (CA, "https://0.0.0.0:WEAK", ("peer", "too weak", "Renew its certificate")),
    "a certificate for clients": (CA, "https://0.0.0.0:CLIENTS", ("peer", "purpose", "Renew its certificate")),
    "TLS of 2006": (CA, "https://0.0.0.0:OLD", ("peer", "cannot be asked with TLS", "TLS 1.2 or newer")),
    "a client's certificate is wanted": (CA, "https://0.0.0.0:MUTUAL", ("peer", "CERTIFICATE_REQUIRED", "no client's")),
    "a certificate of another name": (CA, "https://0.0.0.0:STRANGER", ("peer", "mismatch", "Renew its certificate")),
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("row", ROWS)
def test_an_environment_is_read_as_curl_reads_it_or_refused(
    row: str, peer: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, origin, expected = ROWS[row]
    for pair in environment.split():
        name, _, value = pair.partition("=")
        monkeypatch.setenv(name, world.fill(value.replace("_", " ")))
    seen = len(world.proxied)
    if expected is None:
        PEERS[peer](world.fill(origin))
        assert len(world.proxied) == seen + (origin == NAMED)
        return
    fault, what, remedy = expected
    with pytest.raises(Refused) as error:
        PEERS[peer](world.fill(origin))
    assert what in error.value.what
    assert remedy in error.value.remedy
    assert error.value.fault == (peer if fault == "peer" else fault)
    assert PASSWORD not in error.value.what + error.value.remedy


def test_a_proxy_gets_its_login_and_not_the_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", world.fill("http://ada:p%40ss@PROXY"))
    monkeypatch.setenv("SSL_CERT_FILE", world.fill("AUTHORITY"))
    PEERS["ledger"](NAMED)
    assert world.proxied[-1] == ("peer.example:443", f"Basic {b64encode(b'ada:p@ss').decode()}")


def test_loopback_over_https_is_not_proxied(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", world.fill("AUTHORITY"))
    PEERS["ledger"](world.fill("https://localhost:GOOD"))


def test_without_variables_the_machines_own_store_is_trusted() -> None:
    assert isinstance(trusted(), truststore.SSLContext)


def test_what_answers_https_without_tls_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="cannot be asked with TLS"):
        PEERS["ledger"](world.fill("https://PLAIN"))
