"""Whatever a client may send by the API's own description, the answer keeps to that description too.

In `make test` PostgreSQL is sent what is written, SQLite everything; in `make torture` both everything.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tools.generate.schema_examples import EVENT, WAYBILL

from ..support.builders import TOP
from ..support.service.replica import command, replica
from ..support.service.served import KEYS, signature
from ..support.service.sizes import size

pytestmark = pytest.mark.torture
# No schema says that a moment has passed, or that one is before another; and random addresses are too long at times.
ALSO_EXPECTED = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 409, 414, 429, "5xx"]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 422, 429, "5xx"]
"""
PHASES = ("coverage", "examples,coverage,fuzzing")[size(0, 1)]


@pytest.mark.long
def test_the_ledger_keeps_to_its_description(
    backend: str, database_url: str, tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    scopes = ["--scope", "releases:write", "--scope", "read"]
    token = command(database_url, "token", "create", *scopes).stdout.strip()
    shown = {"Authorization": f"Bearer {token}"}
    with replica(database_url, tmp_path / "log") as ledger, ledger.http() as http:
        assert http.post("/releases", json=WAYBILL, headers=shown).status_code == 201
        event = httpx.Request("POST", ledger.url, json=EVENT).content
        signed = {"X-Signature": signature(event, KEYS["staging"][0])}
        assert http.post("/hooks/flux/staging", content=event, headers=signed).status_code == 201
        (tmp_path / "schemathesis.toml").write_text(size(0, 1) * ALSO_EXPECTED)
        tried = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                *("run", f"{ledger.url}/schema", "--header", f"Authorization: Bearer {token}"),
                *("--checks", "all", "--exclude-checks", "allow_header_conformance"),  # HEAD is where GET is
                *("--max-examples", str(size(100, 300)), "--phases", PHASES),
                *(("--include-method", "POST") if backend == "postgres" and size(1, 0) else ()),
                *("--suppress-health-check", "all", "--no-color", "--continue-on-failure", "--warnings", "off"),
            ],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(TOP), "SCHEMATHESIS_HOOKS": "tests.support.service.schemathesis_hooks"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert tried.returncode == 0, tried.stdout
        assert '"status":5' not in ledger.log.read_text()
    [cases] = re.findall(r"(\d+) generated", tried.stdout)
    assert int(cases) >= (100 if backend == "postgres" else 150)
    record_property("figure", f"{cases} generated requests, every answer as described")
