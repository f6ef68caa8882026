"""NO_PROXY as curl reads it, tried beside curl itself; every connection stays on loopback."""

import shutil
import subprocess

import pytest

from scripts.clients.proxy import is_loopback, proxy_for
from tests.support.registry_stand_in import answering, says

# NO_PROXY, the host, and whether it goes past the proxy.
ROWS = [
    ("example.org", "example.org", True),
    ("example.org", "EXAMPLE.org", True),
    ("EXAMPLE.org", "example.org", True),
    ("example.org", "www.example.org", True),
    ("example.org", "notexample.org", False),
    (".example.org", "example.org", True),
    (".example.org", "www.example.org", True),
    ("example.org.", "example.org", True),
    ("example.org", "example.org.", True),
    ("org", "example.org", True),
    ("www.example.org", "example.org", False),
    ("a.test,example.org", "example.org", True),
    ("a.test example.org", "example.org", True),
    (" a.test , example.org ", "example.org", True),
    ("a.test,,example.org", "example.org", True),
    (".", "example.org", False),
    (",", "example.org", False),
    ("*", "example.org", True),
    ("10.0.0.0/8", "10.1.2.3", True),
    ("10.0.0.0/8", "11.1.2.3", False),
    ("10.1.2.3/8", "10.9.9.9", True),
    ("10.1.2.3", "10.1.2.3", True),
    ("10.1.2.3", "10.1.2.30", False),
    ("10.0.0.0/33", "10.1.2.3", False),
    ("1.2.3", "10.1.2.3", False),
    ("2001:db8::/32", "[2001:db8::1]", True),
    ("2001:db8::/32", "[2001:db9::1]", False),
    ("2001:db8::1", "[2001:db8::1]", True),
    ("2001:db8:0:0::1", "[2001:db8::1]", True),
    ("10.0.0.0/8", "[2001:db8::1]", False),
    ("::/0", "10.1.2.3", False),
]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(("no_proxy", "host", "past"), ROWS)
def test_it_is_read_as_curl_reads_it(no_proxy: str, host: str, past: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with answering(says(403)) as proxy, answering(says(200, b"host")) as there:
        monkeypatch.setenv("http_proxy", f"http://{proxy}")
        assert (proxy_for(f"http://{host}/") is None) == past
        curl = shutil.which("curl")
        if curl and "[" not in host:  # curl 7.88 takes an IPv6 address for a name here; later ones do not
            # What it asks directly goes to `there`, whatever the host; the proxy denies everything.
            command = [curl, "--silent", "--globoff", "--connect-to", f"::{there}", f"http://{host}/"]
            done = subprocess.run(command, capture_output=True, check=False)
            assert (done.returncode, done.stdout) == ((0, b"host") if past else (56, b""))


@pytest.mark.parametrize(
    ("no_proxy", "url", "past"),
    [
        ("example.org:8443", "https://example.org:8443/", True),
        ("example.org:443", "https://example.org/", True),
        ("example.org:8443", "https://example.org/", False),
        ("[2001:db8::1]", "https://[2001:db8::1]/", True),
        ("[2001:db8::1]:443", "https://[2001:db8::1]/", True),
        ("[2001:db8::1]:444", "https://[2001:db8::1]/", False),
        ("*.example.org", "https://www.example.org/", True),
        ("a.test,*", "https://www.example.org/", True),
        ("::1/128,[::,a/b/c,:1,%,10.0.0.0/-1", "https://10.0.0.1/", False),
    ],
)
def test_what_gos_programs_read_beside_it_is_read_too(
    no_proxy: str, url: str, past: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ports, brackets and stars; what is in no known form means nothing."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (proxy_for(url) is None) == past


def test_http_proxy_is_read_in_lower_case_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert proxy_for("http://example.org/") is None
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:2")
    found = proxy_for("http://example.org/")
    assert found
    assert (found.place, found.variable) == ("127.0.0.1:2", "http_proxy")


def test_a_proxy_without_a_port_has_curls() -> None:
    with pytest.MonkeyPatch.context() as patch:
        for address, place in (("proxy.example", "proxy.example:1080"), ("https://[::1]/", "[::1]:443")):
            patch.setenv("https_proxy", address)
            found = proxy_for("https://example.org/")
            assert found
            assert found.place == place


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:5000", "127.9.9.9", "[::1]", "[::1]:80"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example", "127.0.0.1.example", "0.0.0.0", "[::]", "[::1", "128.0.0.1"])  # noqa: S104
def test_another_machine(host: str) -> None:
    assert not is_loopback(host)
