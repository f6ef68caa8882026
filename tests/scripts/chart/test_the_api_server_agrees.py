"""What Waybill refuses for the API server, that one refuses, and the other way round."""

import json
from typing import Any

import pytest

from scripts.chart.api import rules
from scripts.chart.manifests import manifests
from tests.support.scripts.api_objects import RIGHT, Object, verdicts
from tests.support.scripts.rendered import rendered


def complaints(item: Object) -> list[str]:
    return [str(finding) for finding in rules.findings(manifests(rendered(it=json.dumps(item))), "apps")]


@pytest.mark.parametrize("item", RIGHT, ids=lambda item: item["kind"])
def test_what_is_right_is_not_refused(item: Object) -> None:
    assert complaints(item) == []


def test_one_value_that_is_another_is_refused_where_the_api_server_does() -> None:
    for item, change, refused in verdicts():
        assert bool(complaints(item)) == refused, (change, complaints(item))


def test_kinds_of_others_are_only_named_and_labelled() -> None:
    mine: dict[str, Any] = {
        "apiVersion": "example.org/v1",
        "kind": "Deployment",
        "metadata": {"name": "a.b", "labels": {"a": "b"}},
        "spec": {
            "selector": 7,
            "template": {"metadata": {"labels": {"a b": 1}}, "spec": {"containers": [{"name": 1}]}},
        },
    }
    assert complaints(mine) == []
    mine["metadata"] = {"name": "A", "labels": {"a": 7}}
    assert len(complaints(mine)) == 2


def test_names_that_only_some_kinds_take() -> None:
    for version, kind in (
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("policy/v1", "PodDisruptionBudget"),
        ("image.openshift.io/v1", "ImageStreamTag"),
    ):
        assert complaints({"apiVersion": version, "kind": kind, "metadata": {"name": "Read:all"}, "spec": {}}) == []
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "1a"}, "spec": {"ports": [{"port": 1}]}}
    assert complaints(service) == []
    service["metadata"] = {"name": "a.b"}
    assert len(complaints(service)) == 1


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("CronJob", "a" * 52, "a" * 53),
        ("Job", "a" * 253, "a" * 254),
        ("StatefulSet", "a" * 63, "a.b"),
        ("Deployment", "a.b", "a_b"),
        ("Namespace", "a-b", "a.b"),
    ],
)
def test_names_that_some_kinds_do_not_take(kind: str, right: str, wrong: str) -> None:
    item = next(item for item in RIGHT if item["kind"] == kind)
    assert complaints({**item, "metadata": {"name": right}}) == []
    assert len(complaints({**item, "metadata": {"name": wrong}})) == 1


def test_a_definition_is_named_after_what_it_defines() -> None:
    spec = {"group": "example.org", "names": {"plural": "things"}}
    for name, found in (("things.example.org", 0), ("thing.example.org", 1)):
        item = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
        assert len(complaints({**item, "metadata": {"name": name}})) == found
