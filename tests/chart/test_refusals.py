"""The chart refuses bad values, and helm's message names the value and what is wrong with it."""

from typing import Any

import pytest

from tests.support.chart.examples import CONTEXT
from tests.support.chart.render import RefusedValues, merged, render

POSTGRESQL = CONTEXT["database.engine"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"image": {"tag": "v1"}}, "'/image': additional properties 'tag' not allowed"),
        ({"image": {"digest": "v1"}}, "'/image/digest': 'v1' does not match pattern"),
        ({"image": {"digest": f"sha256:{'D' * 64}"}}, "'/image/digest'"),
        ({"image": {"digest": f"sha256:{'d' * 63}"}}, "'/image/digest'"),
        ({"image": {"digest": ""}}, "'/image/digest'"),
        ({"image": {"digest": None}}, "'/image': missing property 'digest'"),
        ({"image": {"repository": "ghcr.io/acme/waybill:v1"}}, "'/image/repository'"),
        ({"replicas": 2}, "'/replicas': maximum: got 2, want 1"),
        ({"replicas": 0}, "'/replicas': minimum"),
        ({"replicas": "two"}, "'/replicas': got string, want integer"),
        ({"database": {"engine": "mysql"}}, "'/database/engine': value must be one of 'sqlite', 'postgresql'"),
        ({"database": {"engine": "postgresql"}}, "'/database/postgresql/secretName'"),
        (merged(POSTGRESQL, {"database": {"postgresql": {"port": 0}}}), "'/database/postgresql/port'"),
        ({"reads": "everyone"}, "'/reads'"),
        ({"ingress": {"enabled": True}}, "'/ingress/hosts': minItems"),
        ({"ingress": {"enabled": "yes"}}, "'/ingress/enabled': got string, want boolean"),
        ({"httpRoute": {"enabled": True}}, "'/httpRoute/parentRefs': minItems"),
        ({"service": {"port": 70000}}, "'/service/port': maximum"),
        ({"user": -1}, "'/user': minimum"),
        ({"resources": {"limits": {"memory": "lots"}}}, "'/resources/limits/memory'"),
        ({"podLabels": {"app.kubernetes.io/name": "mine"}}, "'/podLabels/app.kubernetes.io~1name'"),
        ({"podAnnotations": {"checksum/settings": "x"}}, "'/podAnnotations/checksum~1settings'"),
        ({"serviceMonitor": {"interval": "often"}}, "'/serviceMonitor/interval'"),
        ({"observer": {"enabled": True}}, "'/observer/environment': minLength"),
        ({"observer": {"schedule": "now and then"}}, "'/observer/schedule'"),
        ({"observer": {"kind": "DaemonSet"}}, "'/observer/kind'"),
        ({"observer": {"roundSeconds": 5}}, "'/observer/roundSeconds'"),
        ({"ledger": {"enabled": False}}, "'/observer/enabled': value must be true"),
        (merged({"ledger": {"enabled": False}}, CONTEXT["observer"]), "'/observer/ledgerUrl': minLength"),
        ({"replicaCount": 3}, "additional properties 'replicaCount' not allowed"),
        ({"flux": {"keys": {"staging": ["secret"]}}}, "'/flux': additional properties 'keys' not allowed"),
    ],
)
def test_values_are_refused_with_the_place_and_the_cause(values: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedValues) as refused:
        render(values)
    assert said in str(refused.value)


def test_a_name_that_no_service_may_have_is_refused_with_what_to_do() -> None:
    with pytest.raises(
        RefusedValues, match=r"begins with a letter, and .*1st-waybill.* does not: set fullnameOverride"
    ):
        render(name="1st")


def test_an_older_kubernetes_is_refused() -> None:
    with pytest.raises(RefusedValues, match=r"requires kubeVersion: >=1\.28\.0-0"):
        render(more=("--kube-version", "1.27.9"))
    assert render(more=("--kube-version", "1.28.1-eks-1a2b3c4"))
