"""Keeps the events of the last `make e2e` as golden files: the first of each kind that Flux sent, byte by byte.

`python -m tools.cluster.events` writes tests/contract/flux-events/, each named
`<controller>-<its version>-<reason>.json`, with `-oci` where the chart came from an OCIRepository.
"""

import json
import re
import shutil
import sys
from pathlib import Path

from tools.build import GO

from .namespaces import CHECKOUT, FOLDER

KEPT = CHECKOUT / "tests" / "contract" / "flux-events"
RECEIVED = FOLDER / "story" / "events"


def main() -> None:
    files = sorted(RECEIVED.glob("*.json"))
    if not files:
        sys.exit("There are no events: run `make e2e` first.")
    versions = dict(re.findall(r"fluxcd/(\S+-controller) v(\S+)", (GO / "flux" / "go.mod").read_text()))
    first: dict[str, Path] = {}
    # An event of an OCI source names the chart's git repository; in the story that is a folder of this machine.
    for file in (it for it in files if str(CHECKOUT) not in it.read_text()):
        first.setdefault(name_of(json.loads(file.read_bytes()), versions), file)
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir()
    for name, file in sorted(first.items()):
        shutil.copyfile(file, KEPT / name)
        print(name)


def name_of(event: dict[str, object], versions: dict[str, str]) -> str:
    controller, metadata = str(event["reportingController"]), event.get("metadata")
    oci = "-oci" if isinstance(metadata, dict) and "oci-digest" in metadata else ""
    return f"{controller}-{versions[controller]}-{event['reason']}{oci}.json"


if __name__ == "__main__":
    main()
