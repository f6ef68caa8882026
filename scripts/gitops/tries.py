"""What a HelmRelease says of Helm's tests and of retries, as our annotations tell the ledger.

Flux says neither in its events: that tests still run, and when it tries no more.
"""

import re
from collections.abc import Mapping
from typing import Any

from ..yaml.objects import at

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")  # as the HelmRelease's schema has it
UNKNOWN = "unknown"
_TIMEOUT = "5m"  # https://fluxcd.io/flux/components/helm/helmreleases/#timeout


def told(spec: Mapping[str, Any] | None) -> dict[str, str]:
    """The annotations of a HelmRelease of which this is the spec, as kustomize builds it; None: that is not known."""
    return {"tests": UNKNOWN, "tries": UNKNOWN} if spec is None else {"tests": tests(spec), "tries": tries(spec)}


def tests(spec: Mapping[str, Any]) -> str:
    """Their time-out; `false`: there are none to run; `ignored`: Flux ignores that they fail."""
    test = spec.get("test") or {}
    if not isinstance(test, Mapping) or type(test.get("enable", False)) is not bool:
        return UNKNOWN
    if not test.get("enable"):
        return "false"
    if test.get("ignoreFailures"):
        return "ignored"
    timeout = str(test.get("timeout") or spec.get("timeout") or _TIMEOUT)
    return timeout if _DURATION.fullmatch(timeout) else UNKNOWN


def tries(spec: Mapping[str, Any]) -> str:
    """`install=4,upgrade=3`: after so many failures Flux gives up. What is endless, or not known, is left out.

    A feature gate of helm-controller decides what Flux does where the HelmRelease names no strategy
    (DefaultToRetryOnFailure, since 1.5.2).
    """
    found = {}
    for action in ("install", "upgrade"):
        does = spec.get(action)
        retries = at(does, "remediation", "retries") or 0
        if at(does, "strategy", "name") == "RemediateOnFailure" and type(retries) is int and retries >= 0:
            found[action] = retries + 1
    return ",".join(f"{action}={number}" for action, number in found.items()) or UNKNOWN
