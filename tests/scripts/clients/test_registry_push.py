"""What a registry does not take, or keeps otherwise than it was given, is refused with what it said."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from scripts.clients.manifest import OCI_MANIFEST
from scripts.clients.registry import Registry
from scripts.document import digest_of
from scripts.errors import Refused
from tests.support.registry_stand_in import Behaviour, answering, says

BLOB = b"of one layer"
BODY = {"schemaVersion": 2, "config": {"mediaType": "x", "size": len(BLOB), "digest": digest_of(BLOB)}, "layers": []}
MANIFEST = json.dumps(BODY).encode()
DENIED = b'{"errors": [{"code": "DENIED", "message": "\\u001b[31mno"}]}'
GONE = b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'


def taking(**others: Behaviour) -> Behaviour:
    """A registry that takes everything; `others` by step: has, begin, blob, manifest, read."""
    usual = {
        "has": says(404),
        "begin": says(202, Location="up?state=1"),  # relative to what was asked
        "blob": says(201),
        "manifest": says(201),
        "read": says(200, MANIFEST, Content_Type=OCI_MANIFEST),
    }

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        steps = {"HEAD": "has", "POST": "begin", "GET": "read"}
        step = steps.get(request.command) or ("manifest" if "/manifests/" in request.path else "blob")
        {**usual, **others}[step](request)

    return behave


def push(behave: Behaviour) -> str:
    with answering(behave) as host:
        return Registry().push(f"{host}/a/b", "1.0.0", MANIFEST, OCI_MANIFEST, [BLOB])


def test_it_uploads_where_the_registry_says() -> None:
    asked: list[str] = []

    def noting(behave: Behaviour) -> Behaviour:
        def noted(request: BaseHTTPRequestHandler) -> None:
            asked.append(f"{request.command} {request.path}")
            behave(request)

        return noted

    assert push(noting(taking())) == digest_of(MANIFEST)
    upload = f"/v2/a/b/blobs/uploads/up?state=1&digest={digest_of(BLOB).replace(':', '%3A')}"
    assert asked == [
        f"HEAD /v2/a/b/blobs/{digest_of(BLOB)}",
        "POST /v2/a/b/blobs/uploads/",
        f"PUT {upload}",
        "PUT /v2/a/b/manifests/1.0.0",
        "GET /v2/a/b/manifests/1.0.0",
    ]
    asked.clear()
    push(noting(taking(has=says(200))))
    assert [it.partition(" ")[0] for it in asked] == ["HEAD", "PUT", "GET"]


def test_a_host_in_capitals_is_that_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are compared as HTTP has them: what leads to the same host is asked with the login, too."""
    monkeypatch.setenv("HELM_REGISTRY_CONFIG", str(tmp_path / "config.json"))

    def behave(request: BaseHTTPRequestHandler) -> None:
        if not request.headers.get("Authorization"):
            request.rfile.read(int(request.headers.get("Content-Length", 0)))
            says(401, WWW_Authenticate='Basic realm="a"')(request)
        elif "/tags/list?n=" in request.path:
            says(200, b'{"tags": ["1"]}', Link='</v2/a/b/tags/list?last=1>; rel="next"')(request)
        elif "/tags/list" in request.path:
            says(200, b'{"tags": ["2"]}')(request)
        else:
            taking(begin=says(202, Location=f"http://{request.headers['Host']}/up"))(request)

    with answering(behave) as host:
        name = f"LOCALHOST:{host.rpartition(':')[2]}"
        login = {"auths": {name: {"username": "ada", "password": "secret"}}}
        (tmp_path / "config.json").write_text(json.dumps(login))
        assert Registry().tags(f"{name}/a/b") == ["1", "2"]
        assert Registry().push(f"{name}/a/b", "1.0.0", MANIFEST, OCI_MANIFEST, [BLOB]) == digest_of(MANIFEST)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"has": says(500)}, "answered 500"),
        ({"has": says(403)}, "answered 403"),
        (
            {"begin": says(403, DENIED)},
            "did not take what was pushed to /v2/a/b/blobs/uploads/: it answered 403 (DENIED)",
        ),
        ({"begin": says(202, Location="http://example.org/up")}, "not encrypted"),
        ({"blob": says(400, DENIED)}, "it answered 400 (DENIED)"),
        ({"blob": says(500)}, "answered 500 to what was pushed to /v2/a/b/blobs/uploads/"),
        ({"manifest": says(500)}, "/v2/a/b/manifests/1.0.0; whether it took that is not known"),
        ({"manifest": says(405)}, "did not take what was pushed to /v2/a/b/manifests/1.0.0: it answered 405"),
        ({"manifest": says(202)}, "it answered 202"),
        ({"read": says(404, GONE)}, "names nothing right after"),
        ({"read": says(200, MANIFEST + b" ")}, f"names {digest_of(MANIFEST + b' ')} right after"),
        ({"read": says(200, b"{}")}, f"names {digest_of(b'{}')} right after"),
        ({"read": says(200, b"{}", Docker_Content_Digest=digest_of(MANIFEST))}, "Docker-Content-Digest is another"),
    ],
)
def test_what_it_does_not_take_is_refused(others: dict[str, Behaviour], said: str) -> None:
    with pytest.raises(Refused) as refused:
        push(taking(**others))
    assert said in refused.value.what
    assert "\x1b" not in refused.value.what
    assert (refused.value.fault, bool(refused.value.remedy)) == ("registry", True)


def test_it_pushes_to_a_real_registry_and_again(registry: str) -> None:
    for _ in range(2):
        pushed = Registry().push(f"{registry}/pushed/here", "1.0.0", MANIFEST, OCI_MANIFEST, [BLOB])
        assert pushed == digest_of(MANIFEST)
    found = Registry().manifest(f"{registry}/pushed/here", "1.0.0")
    assert found
    assert found.digest == digest_of(MANIFEST)
    assert Registry().blob(f"{registry}/pushed/here", digest_of(BLOB)) == BLOB
