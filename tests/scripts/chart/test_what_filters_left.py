"""What a filter of git leaves in the commit of a chart, a pointer or what it encrypted, is refused wherever it lies."""

from collections.abc import Mapping

import pytest

from scripts.clients.git_filters import left
from tests.support.builders import CHART, World
from tests.support.scripts.everything import everything

LEFT = {
    "git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"1" * 64 + b"\nsize 12345\n",
    "git-annex": b"/annex/objects/SHA256E-s12345--" + b"1" * 64 + b".yaml\n",
    "git-crypt": b"\0GITCRYPT\0" + bytes(range(200)),
}
OTHERS = {
    "git LFS": b"version https://hawser.github.com/spec/v1\noid sha256:" + b"1" * 64 + b"\nsize 12345\n",
    "transcrypt": b"U2FsdGVkX1" + b"9xZ2" * 12 + b"\n",
    "git-agecrypt": b"age-encryption.org/v1\n-> X25519 " + b"a" * 43 + b"\n",
}
NEEDS = (
    CHART.format(service="orders") + "dependencies: [{name: redis, version: 1.0.0, repository: https://a.example}]\n"
)
CASES: dict[str, Mapping[str, bytes]] = {
    "chart/values.yaml": {},
    "chart/Chart.yaml": {},
    "chart/Chart.lock": {"chart/Chart.yaml": NEEDS.encode()},
    "chart/charts/redis-1.0.0.tgz": {"chart/Chart.yaml": NEEDS.encode()},
    "chart/templates/deployment.yaml": {},
    "chart/templates/_helpers.tpl": {},
    "chart/values.schema.json": {},
    "chart/crds/orders.yaml": {},
    "chart/files/model.bin": {},
    "chart/README.md": {},
    "ci/values.yaml": {"waybill.toml": b'values = "ci/values.yaml"\n'},
}


@pytest.mark.parametrize("name", OTHERS)
def test_filters_of_others(name: str) -> None:
    told = left(OTHERS[name])
    assert told
    assert name in told[0]
    assert left(b"version: " + OTHERS[name]) is None


@pytest.mark.parametrize("name", LEFT)
@pytest.mark.parametrize("path", CASES)
def test_it_is_named_with_the_filter_and_nothing_is_out(world: World, path: str, name: str) -> None:
    image, toml = world.image(), (world.checkout / "waybill.toml").read_bytes()
    more = {file: toml + data if file == "waybill.toml" else data for file, data in CASES[path].items()}
    world.commit({**more, path: LEFT[name]})
    before = everything(world)
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--json", "--image", image)
        assert ran.code == 1, ran.stderr
        assert ran.json["fault"] == "chart"
        assert path.removeprefix("chart/") in ran.json["refused"]
        assert name in ran.json["refused"]
    after = {file: data for file, data in everything(world).items() if "/.waybill/" not in file}
    assert after == before
