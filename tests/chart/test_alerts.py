"""Each alert fires when it should, and no earlier, as Prometheus itself computes it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.chart.render import merged, one, render

from .test_refusals import MONITORED

RULES = one(render(merged(MONITORED, {"prometheusRule": {"enabled": True}})), "PrometheusRule")["spec"]
OWN = 'namespace="waybill",service="ledger-waybill"'
OTHER = 'namespace="elsewhere",service="another"'
UP = f"up{{{OWN}}}"
FAILING = f'waybill_place_failing{{{OWN},environment="staging",place="apps/orders"}}'
SILENT = f'waybill_environment_silent{{{OWN},environment="staging"}}'
KNOWN = f"waybill_state_known{{{OWN}}}"
REFUSED = f"waybill_events_refused_total{{{OWN}}}"
QUOTA = f'waybill_quota_refused_total{{{OWN},key="environment/staging",cause="requests"}}'
FILE = f'waybill_settings_file_unusable{{{OWN},file="/keys"}}'


def series(name: str, values: str) -> dict[str, str]:
    return {"series": name, "values": values}


def told(name: str) -> str:
    return next(str(it["annotations"]["description"]) for it in RULES["groups"][0]["rules"] if it["alert"] == name)


WHOSE = {"namespace": "waybill", "service": "ledger-waybill"}  # else those of two ledgers would be one alert
STAGING = {"environment": "staging"}
PLACE = "apps/orders in staging is failing since 2026-01-02 03:04:05 +0000 UTC"
SINCE = "1767323045"
CASES: dict[str, tuple[str, list[dict[str, str]], str, dict[str, str] | None, str]] = {
    "a place that fails": (
        "WaybillPlaceFailing",
        [series(FAILING, f"{SINCE}x30")],
        "20m",
        {**STAGING, "place": "apps/orders", "severity": "warning"},
        PLACE,
    ),
    "a place that fails for a moment": ("WaybillPlaceFailing", [series(FAILING, f"{SINCE} 0x30")], "20m", None, ""),
    "a silent environment": (
        "WaybillEnvironmentSilent",
        [series(SILENT, "1x30")],
        "6m",
        {**STAGING, "severity": "warning"},
        "Nothing is heard of staging: what runs there is not known any more",
    ),
    "one that is silent since a minute": ("WaybillEnvironmentSilent", [series(SILENT, "0x4 1x30")], "6m", None, ""),
    "refused events": (
        "WaybillEventsRefused",
        [series(REFUSED, "0x9 3x30")],
        "12m",
        {"severity": "warning"},
        "Bodies came at the ledger's webhook that no key of their environment signed",
    ),
    "events that were refused long ago": ("WaybillEventsRefused", [series(REFUSED, "3x60")], "30m", None, ""),
    "a quota": (
        "WaybillQuotaExceeded",
        [series(QUOTA, "0x9 3x30")],
        "12m",
        {"key": "environment/staging", "cause": "requests", "severity": "warning"},
        "environment/staging sends more than its quota allows (requests)",
    ),
    "a file that cannot be used": (
        "WaybillSettingsUnusable",
        [series(FILE, "1x30")],
        "6m",
        {"file": "/keys", "severity": "warning"},
        "/keys has changed and cannot be used: what it said before holds until a pod starts",
    ),
    "a database that is away": (
        "WaybillDatabaseAway",
        [series(KNOWN, "0x30")],
        "6m",
        {"severity": "critical"},
        "No pod of the ledger can read its database",
    ),
    "a database that one pod of two reads": (
        "WaybillDatabaseAway",
        [series(KNOWN.replace("}", ',pod="a"}'), "0x30"), series(KNOWN.replace("}", ',pod="b"}'), "1x30")],
        "6m",
        None,
        "",
    ),
    "a ledger that is away": (
        "WaybillLedgerAway",
        [series(UP, "0x30")],
        "6m",
        {"severity": "critical"},
        "No pod of the ledger answers",
    ),
    "a ledger that never was": (
        "WaybillLedgerAway",
        [series(f"up{{{OTHER}}}", "1x30")],
        "6m",
        {"severity": "critical"},
        "No pod of the ledger answers",
    ),
    "a ledger that answers": ("WaybillLedgerAway", [series(UP, "1x30")], "6m", None, ""),
    "another release that fails": (
        "WaybillPlaceFailing",
        [series(FAILING.replace(OWN, OTHER), f"{SINCE}x30")],
        "20m",
        None,
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_alert_fires_when_it_should(case: str, tmp_path: Path) -> None:
    name, given, at, labels, summary = CASES[case]
    expected = []
    if labels is not None:
        expected = [
            {"exp_labels": {**labels, **WHOSE}, "exp_annotations": {"summary": summary, "description": told(name)}}
        ]
    asked = {"interval": "1m", "input_series": given}
    asked["alert_rule_test"] = [{"eval_time": at, "alertname": name, "exp_alerts": expected}]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(RULES))
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [asked]}))
    ran = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_alert_is_seen_to_fire() -> None:
    assert {name for name, _, _, labels, _ in CASES.values() if labels} == {
        it["alert"] for it in RULES["groups"][0]["rules"]
    }
