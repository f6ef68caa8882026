"""docs/reference/results.schema.json: what the commands that ask print with --json, from the ledger's own schemas."""

import json
from pathlib import Path
from typing import Any

from .schemas import openapi

FILE = Path(__file__).resolve().parents[2] / "docs/reference/results.schema.json"
LEDGERS = "#/components/schemas/"
TEXT: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
SILENT: dict[str, Any] = {"type": "object", "additionalProperties": TIME}


def files() -> dict[Path, str]:
    described = json.loads(openapi())["components"]["schemas"]
    text = json.dumps(_commands()).replace(LEDGERS, "#/$defs/")
    definitions = json.loads(text) | _reached(text, described)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}
    return {FILE: json.dumps(schema, indent=2) + "\n"}


def _reached(text: str, described: dict[str, Any]) -> dict[str, Any]:
    """Those of the ledger's definitions that `text` names, and that they name."""
    found: dict[str, Any] = {}
    while left := [name for name in described if name not in found and f'"#/$defs/{name}"' in text]:
        for name in left:
            part = json.dumps(described[name]).replace(LEDGERS, "#/$defs/")
            found[name] = json.loads(part)
            text += part
    return found


def _commands() -> dict[str, Any]:
    change = {"commit": TEXT, "subject": TEXT, "author": TEXT}
    release = {
        "version": TEXT,
        "since": MAYBE,
        "changes": {"anyOf": [_list(_object(change, optional=["author"])), {"type": "null"}]},
        "changes_left_out": {"type": "integer", "minimum": 0},
    }
    outcome = ("healthy", "failed", "superseded", "unknown", "timed out", "waiting")
    waited = {"service": TEXT, "version": TEXT, "environment": TEXT, "outcome": {"enum": outcome}, "cause": TEXT}
    arrival = {
        **dict.fromkeys(("environment", "place", "service"), TEXT),
        "release": _object({"version": TEXT}),
        "from": TIME,
        "until": {"anyOf": [TIME, {"type": "null"}]},
    }
    side = _ledgers("ComparedEnvironment")
    return {
        "status": _object(
            {
                "environments": _list(_ledgers("EnvironmentState")),
                "proposals": {"anyOf": [_list(_ledgers("PendingProposal")), {"type": "null"}]},
            }
        ),
        "where": _object({"arrivals": _list(_object(arrival)), "not_arrived": _list(TEXT), "silent_since": SILENT}),
        "where of a commit": _object(
            {
                "releases": _list(_ledgers("ContainingRelease")),
                "places": _list(_ledgers("CommitPlace")),
                "silent_since": SILENT,
            }
        ),
        "history": _object({"items": _list(_ledgers("HistoryItem"))}),
        "changes": _object(
            {"service": TEXT, "from": TEXT, "to": TEXT, "releases": _list(_object(release)), "not_known": MAYBE}
        ),
        "compare": _object(
            {"comparisons": _list(_object({"items": _list(_ledgers("ServiceDifference")), "here": side, "with": side}))}
        ),
        "wait": _object({"environments": _list(_object(waited))}),
        "refused": _object({"refused": TEXT, "remedy": TEXT, "fault": TEXT}),
    }


def _ledgers(name: str) -> dict[str, Any]:
    return {"$ref": LEDGERS + name}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Any], optional: list[str] | None = None) -> dict[str, Any]:
    required = [name for name in properties if name not in (optional or ())]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
