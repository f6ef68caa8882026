"""The request times are the histogram that Prometheus' own client would give."""

from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from service.http.durations import Durations

BOUNDS = (0.001, 0.0025, 0.5, 1, 2.5)


def told(registry: CollectorRegistry) -> list[str]:
    return [it for it in generate_latest(registry).decode().splitlines() if not it.startswith("seconds_created{")]


def test_they_are_told_as_prometheus_own_client_tells_them() -> None:
    given: dict[str, Any] = {"name": "seconds", "documentation": "Time to answer.", "buckets": BOUNDS}
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    durations = Durations(labels=["route", "status"], registry=ours, **given)
    histogram = Histogram(labelnames=["route", "status"], registry=theirs, **given)
    assert told(ours) == told(theirs)
    for status in (200, 404):
        for seconds in (0.0, 0.0009, 0.001, 0.0011, 0.0025, 0.3, 1, 1.5, 2.5, 2.6, 1000.0):
            durations.add(("/releases", status), seconds)
            histogram.labels("/releases", status).observe(seconds)
    assert told(ours) == told(theirs)
    assert generate_latest(ours).count(b"seconds_created{") == 2
