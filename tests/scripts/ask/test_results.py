"""What --json prints is as docs/reference/results.schema.json describes it."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.support.service.story import Asker

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs/reference/results.schema.json").read_text())
DIGEST = f"sha256:{'110'.rjust(64, 'a')}"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("status", ("status",)),
        ("status", ("status", "orders", "-e", "staging")),
        ("where", ("where", "orders", "1.1.0")),
        ("where", ("where", DIGEST)),
        ("where of a commit", ("where", "110".rjust(40, "c"))),
        ("history", ("history", "--limit", "100")),
        ("changes", ("changes", "orders", "1.0.0..1.1.0")),
        ("compare", ("compare", "staging", "production")),
        ("wait", ("wait", "orders", "1.1.0", "-e", "staging")),
        ("refused", ("status", "nobody")),
    ],
)
def test_it_is_as_described(ask: Asker, name: str, args: tuple[str, ...]) -> None:
    found = ask(*args, "--json").json
    validator = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})
    assert [it.message for it in validator.iter_errors(found)] == []
    assert any(found.values())
    assert list(validator.iter_errors(found | {"more": 1}))
