"""What is published is what the code does; `make generate` writes both files again."""

import json
from typing import Any

import jsonschema
import pytest

from service.api.schema import OPENAPI, WAYBILL
from tools.generate.schemas import openapi, waybill_schema

from ..support.service.served import Served, document, gitops

pytestmark = pytest.mark.anyio


def test_the_committed_schemas_are_those_of_the_code() -> None:
    assert (waybill_schema() == WAYBILL, json.loads(openapi()) == OPENAPI) == (True, True), "run `make generate`"


async def test_both_are_served(ledger: Served) -> None:
    assert await ledger.get("/waybill.schema.json") == json.loads(WAYBILL)
    assert (await ledger.get("/schema"))["openapi"].startswith("3.1")


def test_each_operation_shows_an_example_that_fits_and_every_refusal() -> None:
    whole = OPENAPI
    shown = 0
    for path, operations in whole["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            contents = [operation.get("requestBody", {}), *operation["responses"].values()]
            for media_type, content in (
                (kind, it) for each in contents for kind, it in each.get("content", {}).items()
            ):
                if media_type != "application/problem+json":
                    jsonschema.validate(content["example"], content["schema"] | {"components": whole["components"]})
                    shown += 1
    assert shown > len(whole["paths"])


@pytest.mark.parametrize(
    ("part", "field", "value", "fits"),
    [
        ("chart", "version", "1.4.2-rc.1", True),
        ("chart", "version", "1.4.2\n", False),
        ("chart", "version", "1.04.2", False),
        ("chart", "version", "1.4.2+build", False),
        ("image", "digest", f"sha256:{'A' * 64}", False),
        ("image", "manifests", {}, True),
        ("image", "manifests", {"linux/amd64": "x"}, False),
        ("image", "manifests", {"windows(10.0.20348.169)/amd64": f"sha256:{'1' * 64}"}, True),
        ("image", "manifests", {"Linux": f"sha256:{'1' * 64}"}, False),
        ("image", "tag", "latest", False),
        ("source", "repository", "/srv/git/é x", True),
        ("source", "repository", "a\u0000b", False),
        ("source", "committed_at", "yesterday", False),
        ("source", "run", "https://ci.example.org/1", False),
        ("by", "run", "javascript:alert(1)", False),
        ("by", "run", "https://ci.example.org/r?id=1&x=[y]", True),
        ("gitops", "places", [], False),
        ("gitops", "kind", "revert", False),
        ("gitops", "reason", 'Revert "x"\n\\', True),
        ("gitops", "reason", "x" * 201, False),
        ("gitops", "proposal", {"url": "https://example.org/pull/7"}, True),
        ("chart", "name", "x" * 501, False),
    ],
)
async def test_the_ledger_takes_exactly_what_the_schema_describes(
    ledger: Served, part: str, field: str, value: Any, fits: bool
) -> None:
    whole = document(gitops=gitops(), by={})
    (whole["images"][0] if part == "image" else whole[part])[field] = value
    described = jsonschema.Draft202012Validator(json.loads(WAYBILL)).is_valid(whole)
    answer = await ledger.file(whole)
    assert (described, answer.status_code) == (fits, 201 if fits else 400), answer.text
