"""After an installation helm prints where the ledger is, and what is still to do."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.chart.golden import SCENARIOS
from tests.support.chart.render import CHART, PUBLISHED

DIGEST = ("--set", f"image.digest={PUBLISHED}")


def notes(*more: str) -> str:
    command = ["helm", "install", "ledger", str(CHART), "--namespace", "waybill", "--dry-run=client", *DIGEST, *more]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return printed.partition("\nNOTES:\n")[2]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_they_name_what_was_installed(scenario: Path) -> None:
    file = scenario / "values.yaml"
    found, values = notes("--values", str(file)), yaml.safe_load(file.read_text())
    name = values.get("fullnameOverride", f"ledger-{values.get('nameOverride', 'waybill')}")
    assert f"http://{name}.waybill:{values.get('service', {}).get('port', 80)}/" in found
    assert f"exec deploy/{name} -- waybill-service token create" in found
    assert ("A NetworkPolicy lets in" in found) is values.get("networkPolicy", {}).get("enabled", True)
    assert not re.search("<nil>|%!", found)


def test_without_keys_they_say_that_events_of_flux_are_not_taken() -> None:
    assert "takes no events from Flux yet" in notes()


def test_an_observer_alone_names_the_ledger_that_it_reports_to() -> None:
    url = "https://waybill.example.org"
    values = ["ledger.enabled=false", "observer.enabled=true", "observer.environment=e", "observer.keySecretName=k"]
    assert (
        notes("--set", ",".join([*values, f"observer.ledgerUrl={url}"])).strip()
        == f"The observer looks at the HelmReleases of waybill and reports to {url}"
    )
