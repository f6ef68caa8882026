"""The chart refuses bad values, and helm's message names the value and what is wrong with it."""

from typing import Any

import pytest

from service.settings import Settings
from tests.support.chart.examples import CONTEXT, PEER
from tests.support.chart.render import RefusedValues, merged, one, render

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
        ({"podSecurityContext": {"runAsNonRoot": False}}, "'/podSecurityContext/runAsNonRoot'"),
        ({"extraVolumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "'/extraVolumes/0/hostPath'"),
        ({"extraEnv": [{"name": "A"}]}, "'/extraEnv/0'"),
        ({"extraVolumeMounts": [{"name": "tmp", "mountPath": "more"}]}, "'/extraVolumeMounts/0/mountPath'"),
        ({"extraVolumeMounts": [{"name": "tmp", "mountPath": "/"}]}, "'/extraVolumeMounts/0/mountPath'"),
        ({"autoscaling": {"enabled": True}}, "'/autoscaling/enabled': value must be false"),
        ({"probes": {"readiness": {"httpGet": {}}}}, "'/probes/readiness'"),
        ({"commonLabels": {"app.kubernetes.io/name": "mine"}}, "'/commonLabels/app.kubernetes.io~1name'"),
        ({"imagePullSecrets": [{"secret": "x"}]}, "'/imagePullSecrets/0'"),
        ({"flux": {"keys": {"staging": ["secret"]}}}, "'/flux': additional properties 'keys' not allowed"),
    ],
)
def test_values_are_refused_with_the_place_and_the_cause(values: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedValues) as refused:
        render(values)
    assert said in str(refused.value)


PEERS = {"networkPolicy": {"clients": [PEER]}}
MONITORED = merged(PEERS, {"serviceMonitor": {"enabled": True}})


def sidecar(name: str) -> dict[str, str]:
    return {"name": name, "image": "registry.example/proxy"}


@pytest.mark.parametrize(
    ("values", "said", "remedy"),
    [
        ({"image": {"digest": f"sha256:{'0' * 64}"}}, "names no image", {"image": {"digest": f"sha256:{'1' * 64}"}}),
        (merged(CONTEXT["ingress"], {"networkPolicy": {"clients": []}}), "networkPolicy.clients", PEERS),
        (
            merged(CONTEXT["httpRoute"], {"networkPolicy": {"clients": []}}),
            "or set networkPolicy.enabled=false",
            {"networkPolicy": {"enabled": False}},
        ),
        ({"serviceMonitor": {"enabled": True}}, "name them in networkPolicy.clients", PEERS),
        ({"service": {"type": "LoadBalancer"}}, "service.type is LoadBalancer", PEERS),
        (
            merged(MONITORED, {"reads": "token"}),
            "set serviceMonitor.tokenSecretName",
            {"serviceMonitor": {"tokenSecretName": "metrics"}},
        ),
        (
            merged(PEERS, {"prometheusRule": {"enabled": True}}),
            "set serviceMonitor.enabled too",
            {"serviceMonitor": {"enabled": True}},
        ),
        (
            {"serviceAccount": {"create": False, "annotations": {"a": "b"}}},
            "annotate the account that you made",
            {"serviceAccount": {"create": True}},
        ),
        ({"serviceAccount": {"name": "default"}}, "which every namespace has", {"serviceAccount": {"create": False}}),
        (
            {"database": {"postgresql": {"secretName": "database"}}},
            "set database.engine=postgresql",
            {"database": {"engine": "postgresql"}},
        ),
        (
            merged(POSTGRESQL, {"database": {"sqlite": {"existingClaim": "ledger"}}}),
            "or unset it",
            {"database": {"sqlite": {"existingClaim": ""}}},
        ),
        (
            merged(CONTEXT["autoscaling"], {"autoscaling": {"minReplicas": 9}}),
            "minReplicas is more than",
            {"autoscaling": {"maxReplicas": 9}},
        ),
        (
            merged(CONTEXT["autoscaling"], {"resources": {"requests": {"cpu": None}}}),
            "resources.requests.cpu, which is not set",
            {"resources": {"requests": {"cpu": "1"}}},
        ),
        (
            merged(CONTEXT["observer"], {"flux": {"keysSecretName": ""}}),
            "set flux.keysSecretName",
            {"flux": {"keysSecretName": "keys"}},
        ),
        (
            merged(CONTEXT["observer"], {"observer": {"ports": [443]}}),
            "observer.ports lacks 8080",
            {"observer": {"ports": [443, 8080]}},
        ),
        (
            merged(CONTEXT["ledger"], {"ledger": {"enabled": False}, "dashboard": {"enabled": True}}),
            "dashboard.enabled is set and ledger.enabled is not",
            {"dashboard": {"enabled": False}},
        ),
        (
            {"database": {"postgresql": {"pooler": "session"}}},
            "database.postgresql.pooler is set and database.engine is sqlite",
            {"database": {"postgresql": {"pooler": "none"}}},
        ),
        ({"environments": ["dev", "dev"]}, "environments names dev twice", {"environments": ["dev"]}),
        (
            {"environments": ["live = eu + us", "us"]},
            "environments names us twice",
            {"environments": ["live = eu + us"]},
        ),
        ({"environments": ["live = eu + live"]}, "environments names live twice", {"environments": ["live = eu + us"]}),
        (
            merged(CONTEXT["observer"], {"environments": ["live = eu + us"], "observer": {"environment": "live"}}),
            "environments has live as a group, and the observer reports for it",
            {"observer": {"environment": "eu"}},
        ),
        (
            {"extraVolumeMounts": [{"name": "more", "mountPath": "/more"}]},
            "no volume has that name",
            {"extraVolumes": [{"name": "more", "emptyDir": {}}]},
        ),
        ({"extraEnv": [{"name": "READS", "value": "token"}]}, "extraEnv sets READS", {"extraEnv": []}),
        ({"extraEnv": [{"name": "TOKENS", "value": "[]"}]}, "which name a Secret", {"extraEnv": []}),
        ({"extraEnv": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, "is set twice", {"extraEnv": []}),
        (
            merged(CONTEXT["observer"], {"observer": {"extraEnv": [{"name": "NAMESPACES", "value": "all"}]}}),
            "observer.extraEnv sets NAMESPACES",
            {"observer": {"extraEnv": []}},
        ),
        ({"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}, "extraVolumes has tmp", {"extraVolumes": []}),
        (
            {
                "extraVolumes": [{"name": "a", "emptyDir": {}}],
                "extraVolumeMounts": [{"name": "a", "mountPath": "/tmp/"}],
            },
            "extraVolumeMounts has /tmp/",
            {"extraVolumeMounts": [{"name": "a", "mountPath": "/a"}]},
        ),
        ({"extraContainers": [sidecar("migrate")]}, "would be named migrate", {"extraContainers": [sidecar("b")]}),
        (
            {"extraContainers": [sidecar("a")], "extraInitContainers": [sidecar("a")]},
            "would be named a",
            {"extraContainers": [sidecar("b")]},
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused_with_what_helps(
    values: dict[str, Any], said: str, remedy: dict[str, Any]
) -> None:
    with pytest.raises(RefusedValues) as refused:
        render(values)
    assert said in str(refused.value)
    assert render(merged(values, remedy))


@pytest.mark.long
def test_every_setting_of_the_ledger_is_set_by_the_chart_and_by_nothing_else() -> None:
    """Else a new setting could be reached by extraEnv alone, or contradict a value."""
    made = one(render(MONITORED | CONTEXT["flux.keysSecretKey"] | CONTEXT["tokens.secretKey"]), "ConfigMap")["data"]
    known = made.keys() | one(render(POSTGRESQL), "ConfigMap")["data"].keys()
    for setting in Settings.declared():
        names = {setting.name, f"{setting.name}_FILE"} if setting.file else {setting.name}
        assert names & known, setting.name
        for name in names:
            with pytest.raises(RefusedValues, match=f"extraEnv sets {name}"):
                render({"extraEnv": [{"name": name, "value": "x"}]})


def test_a_name_that_no_service_may_have_is_refused_with_what_to_do() -> None:
    with pytest.raises(
        RefusedValues, match=r"begins with a letter, and .*1st-waybill.* does not: set fullnameOverride"
    ):
        render(name="1st")


def test_an_older_kubernetes_is_refused() -> None:
    with pytest.raises(RefusedValues, match=r"requires kubeVersion: >=1\.28\.0-0"):
        render(more=("--kube-version", "1.27.9"))
    assert render(more=("--kube-version", "1.28.1-eks-1a2b3c4"))
