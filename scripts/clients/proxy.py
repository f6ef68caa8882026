"""Which proxy a request goes through, as curl reads the environment: https://curl.se/docs/manpage.html#ENVIRONMENT."""

import os
import re
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from ..errors import Refused

PORTS = {"http": 80, "https": 443}
CURLS_PORT = 1080  # of a proxy whose address names none


class Proxy(Struct, frozen=True):
    """`url` may carry a password: only `place` (host and port) and the name of the `variable` are shown."""

    url: str
    place: str
    variable: str


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or address, with or without port) is this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def proxy_for(url: str) -> Proxy | None:
    """The proxy for `url`, none for this machine: a proxy would carry what is said here off it.

    As for curl, HTTP_PROXY is no variable (a web server sets it from a request's header `Proxy`), and one that is empty
    is not there.
    """
    target = urlsplit(url)
    if is_loopback(target.netloc.rpartition("@")[2]) or _bypassed(target, _variable("no_proxy", "NO_PROXY")[1]):
        return None
    names = ("http_proxy",) if target.scheme == "http" else ("https_proxy", "HTTPS_PROXY")
    variable, address = _variable(*names, "all_proxy", "ALL_PROXY")
    return _proxy(variable, address) if address else None


def for_go(url: str) -> dict[str, str | None]:
    """Changes of the environment after which helm takes the same proxy, or none, for `url`: Go's programs know neither
    ALL_PROXY nor blanks in NO_PROXY, and HTTP_PROXY.
    https://pkg.go.dev/golang.org/x/net/http/httpproxy#FromEnvironment
    """
    proxy, direct = proxy_for(url), _variable("no_proxy", "NO_PROXY")[1].replace(",", " ").split()
    if proxy is None:
        return {"no_proxy": None, "NO_PROXY": ",".join([*direct, urlsplit(url).netloc])}
    taken = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), proxy.url)
    return {**dict.fromkeys(map(str.lower, taken)), **taken, "no_proxy": None, "NO_PROXY": ",".join(direct)}


def _variable(*names: str) -> tuple[str, str]:
    """Name and value of the first that is set."""
    return next(((name, value) for name in names if (value := os.environ.get(name))), ("", ""))


def _proxy(variable: str, address: str) -> Proxy:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port, host = parts.port or (443 if parts.scheme == "https" else CURLS_PORT), parts.hostname or ""
        host.encode("idna")
    except ValueError:
        host = ""
    if host and parts.scheme not in PORTS:
        raise Refused(
            f"{variable} names a proxy that is asked with {parts.scheme}://, which Waybill does not support.",
            f"Give {variable} as http://host:port or https://host:port, or name in NO_PROXY the hosts that need none.",
            fault="machine",
        )
    if not host or not address.isprintable() or " " in address:
        raise Refused(
            f"{variable} is no address of a proxy.",
            f"Give {variable} as http://host:port; in a user or password, signs other than letters and digits are "
            "written as %XX.",
            fault="machine",
        )
    place = f"{f'[{host}]' if ':' in host else host}:{port}"
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return Proxy(f"{parts.scheme}://{user}{place}", place, variable)


def _bypassed(target: SplitResult, no_proxy: str) -> bool:
    port = target.port or PORTS.get(target.scheme)
    host = (target.hostname or "").rstrip(".")
    return any(_matches(entry, host, port) for entry in no_proxy.replace(",", " ").split())


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of NO_PROXY means `host`: `*`, a name with its subdomains, an address or a network. With a port,
    which Go's programs read and curl does not, it means that port alone. What cannot be read means nothing."""
    if entry == "*":
        return True
    name, colon, number = entry.rpartition(":")
    if colon and re.fullmatch("[0-9]+", number) and (":" not in name or name.endswith("]")):
        if number.lstrip("0") != str(port):
            return False
        entry = name
    entry = entry.strip("[]").lower()
    try:
        address = ip_address(host)
    except ValueError:
        name = entry.removeprefix("*").strip(".")
        return bool(name) and f".{host}".endswith(f".{name}")
    try:
        return address in ip_network(entry.replace("]/", "/"), strict=False)
    except ValueError:
        return False
