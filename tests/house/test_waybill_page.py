"""docs/reference/waybill.md tells every field of the document, and its example is one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.domain.parse import parse

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs/reference/waybill.md").read_text()
SCHEMA = json.loads((CHECKOUT / "service/waybill.schema.json").read_text())
LEAVES = {"images[].manifests", "images[].verified", "source.changes", "gitops.places", "gitops.proposal"}


def fields(at: str, schema: dict[str, Any]) -> Iterator[str]:
    """The names of the fields below `at`, `[]` for the items of a list; what is told as a whole is not gone into."""
    for name, kind in schema["properties"].items():
        path = f"{at}{name}"
        kinds = [kind, *kind.get("anyOf", ()), kind.get("items", {})]
        reference = next((it["$ref"] for it in kinds if "$ref" in it), None)
        below = path + ("[]." if "items" in kind else ".")
        if reference is None or path in LEAVES or below[:-1] in LEAVES:
            yield path
        else:
            yield from fields(below, SCHEMA["$defs"][reference.rpartition("/")[2]])


def test_every_field_is_told() -> None:
    told = {
        name for row in re.findall(r"^\| (`[^|]*) \|", PAGE, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    }
    assert told == set(fields("", SCHEMA["$defs"]["Waybill"]))


def test_the_example_is_a_waybill() -> None:
    example = PAGE.split("```json\n")[1].split("```")[0]
    document, _ = parse(example.encode())
    assert (document.service, document.chart.version) == ("orders", "1.4.2")
