"""What Flux's controllers said in a run of `make e2e`, byte by byte; `make events` writes it anew."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "contract" / "flux-events"
FILES = sorted(FOLDER.glob("*.json"))


def recorded(reason: str, oci: bool = False) -> dict[str, Any] | None:
    """The event with that reason; `oci`: of a chart that came from an OCIRepository."""
    found = list(FOLDER.glob(f"*-{reason}{'-oci' if oci else ''}.json"))
    said: dict[str, Any] | None = json.loads(found[0].read_bytes()) if found else None
    return said
