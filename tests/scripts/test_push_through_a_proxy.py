"""helm pushes through the proxy that the registry was asked through: what is answered before the tag is out is so after
it."""

from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from tests.support.builders import World
from tests.support.registry_stand_in import Behaviour, answering, says

pytestmark = pytest.mark.long

NAME = "registry.example"  # which no name server knows


def proxy_to(registry: str, asked: list[str]) -> Behaviour:
    """Of plain HTTP: every host is the real `registry`."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        url = httpx.URL(request.path)
        asked.append(f"{request.command} {url.host}")
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("proxy-")}
        target = f"http://{registry}{url.raw_path.decode()}"
        answer = httpx.request(request.command, target, headers=headers, content=body)
        left_out = ("content-length", "transfer-encoding", "connection")
        kept = {name: value for name, value in answer.headers.items() if name not in left_out}
        length = answer.headers["content-length"] if request.command == "HEAD" else str(len(answer.content))
        says(answer.status_code, answer.content, **kept, **{"Content-Length": length})(request)

    return behave


@pytest.mark.parametrize(
    "env",
    [
        {"http_proxy": "http://PROXY"},
        {"ALL_PROXY": "PROXY"},
        {"all_proxy": "http://PROXY", "NO_PROXY": "localhost 127.0.0.1"},
        {"http_proxy": "http://PROXY", "HTTP_PROXY": "http://127.0.0.1:1"},
    ],
)
def test_ship_publishes_through_it(world: World, env: dict[str, str]) -> None:
    asked: list[str] = []
    image = world.image()
    with answering(proxy_to(world.registry, asked)) as proxy:
        settings = {
            "WAYBILL_REGISTRY": f"oci://{NAME}/charts-{world.folder.name}",
            "WAYBILL_PLAIN_HTTP": "true",
            **{name: value.replace("PROXY", proxy) for name, value in env.items()},
        }
        ran = world.waybill("ship", "--json", "--image", image, env=settings)
    assert ran.code == 0, ran.stderr
    assert f"PUT {NAME}" in asked
    found = httpx.get(f"http://{world.registry}/v2/charts-{world.folder.name}/orders/tags/list").json()
    assert found["tags"] == ["0.1.0"]


def test_none_is_used_where_the_registry_needs_none(world: World) -> None:
    """NO_PROXY names it by what Go does not read, and HTTP_PROXY, which curl does not read, leads nowhere."""
    env = {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "a.test 0.0.0.0"}
    port = world.registry.rpartition(":")[2]
    image = world.image()
    settings = {"WAYBILL_REGISTRY": f"oci://0.0.0.0:{port}/charts-{world.folder.name}", "WAYBILL_PLAIN_HTTP": "true"}
    ran = world.waybill("ship", "--json", "--image", image, env=settings | env)
    assert ran.code == 0, ran.stderr
