"""What values.schema.json refers to outside itself: Helm fetches it on this machine, and Flux in the cluster."""

import json
from typing import Any

import pytest

from scripts.chart.schemas import findings, unseen
from scripts.clients.process import run
from tests.support.builders import World

DEAD = "http://127.0.0.1:9/a"


def ref(address: str) -> dict[str, Any]:
    return {"properties": {"greeting": {"$ref": address}}}


FOREIGN = {
    "another host": (ref(f"{DEAD}/b.json#/c"), f"{DEAD}/b.json"),
    "beside where it says that it lies": ({"$id": f"{DEAD}/b.json", **ref("c.json")}, f"{DEAD}/c.json"),
    "its own language": ({"$schema": DEAD}, DEAD),
    "deep in it": ({"allOf": [{"if": {"not": {"$dynamicRef": DEAD}}}]}, DEAD),
    "a file beside it": (ref("other.json"), "file:///other.json"),
    "a file of the machine": (ref("file:///etc/hostname"), "file:///etc/hostname"),
    "a file above it": (ref("../shared.json#/x"), "file:///shared.json"),
}
OWN = [
    ref("#/$defs/q") | {"$defs": {"q": {}}},
    ref("values.schema.json#/$defs/q") | {"$defs": {"q": {}}},
    {"$id": f"{DEAD}/b.json", **ref(f"{DEAD}/b.json#/$defs/q"), "$defs": {"q": {}}},
    {"$id": f"{DEAD}/b.json", **ref("c.json"), "$defs": {"q": {"$id": "c.json"}}},
    {"$schema": "http://json-schema.org/draft-07/schema#"},
    {"$schema": "https://json-schema.org/draft/2020-12/schema", **ref("https://json-schema.org/schema")},
    ref("urn:nothing"),
    {"properties": {"$ref": {"type": "string"}}, "default": {"$ref": DEAD}},
]


@pytest.mark.parametrize("case", FOREIGN)
def test_what_is_elsewhere_is_named(case: str) -> None:
    schema, address = FOREIGN[case]
    files = {"values.schema.json": json.dumps(schema).encode()}
    assert list(unseen(files, "orders")) == [
        f"what {address} says of the values when Flux asks it (orders/values.schema.json)"
    ]
    found = [it.what for it in findings(files)]
    assert found == ([] if address.startswith("http") else [f"takes {address} from elsewhere, and Helm reads no other "
                                                              "file of the chart"])  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("schema", [*(it for it, _ in FOREIGN.values()), *OWN], ids=json.dumps)
def test_helm_looks_elsewhere_for_these_alone(world: World, schema: dict[str, Any]) -> None:
    chart = world.checkout / "chart"
    text = json.dumps(schema)
    (chart / "values.schema.json").write_text(text)
    asked = list(unseen({"values.schema.json": text.encode()}, "orders"))
    done = run(["helm", "template", chart], check=False)
    assert ("failing loading" in done.complaint) == bool(asked)


def test_that_of_a_chart_in_it_is_named_too_and_what_is_no_json_is_left_to_helm() -> None:
    text = json.dumps(ref(DEAD)).encode()
    files = {"charts/redis/values.schema.json": text, "values.schema.json": b"{", "files/schema.json": text}
    assert list(unseen(files, "orders")) == [
        f"what {DEAD} says of the values when Flux asks it (orders/charts/redis/values.schema.json)"
    ]
    assert list(findings(files)) == []
