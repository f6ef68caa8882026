"""Examples for every value of the chart, and the other values that must be set for them to have an effect."""

from random import Random
from typing import Any

from .render import merged, nested

DIGEST = f"sha256:{'d' * 64}"
SIDECAR = f"registry.example/proxy@sha256:{'e' * 64}"
PEER = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}

# Names that YAML would read as something else are among them on purpose; None takes a default away.
EXAMPLES: dict[str, list[Any]] = {
    "image.repository": ["registry.example:5000/acme/waybill"],
    "image.registry": ["mirror.example", "mirror.example:5000/ghcr"],
    "image.digest": [DIGEST],
    "image.pullPolicy": ["Always"],
    "imagePullSecrets": [["123"], ["registry", "mirror"], [{"name": "registry"}, "registry"]],
    "nameOverride": ["123", "book"],
    "fullnameOverride": ["no", "ledger"],
    "replicas": [2, 5],
    "commonLabels": [{"team": "no", "cost/centre": "123"}],
    "autoscaling.enabled": [True],
    "autoscaling.minReplicas": [1, 3],
    "autoscaling.maxReplicas": [9],
    "autoscaling.cpuPercent": [60],
    "ledger.enabled": [False],
    "observer.enabled": [True],
    "observer.kind": ["CronJob"],
    "observer.roundSeconds": [10, 3600],
    "observer.schedule": ["@hourly", "0 6-20/2 * * MON-FRI"],
    "observer.environment": ["123", "production"],
    "observer.ledgerUrl": ["https://waybill.example.org", "http://ledger.waybill:8080/behind"],
    "observer.cluster": ["123", "eu-1.Prod_a"],
    "observer.namespaces": [["123"], ["apps", "shop"]],
    "observer.keySecretName": ["123", "waybill-webhook"],
    "observer.keySecretKey": ["1e3", "key"],
    "observer.ports": [[443, 8080], [16443, 8080]],
    "observer.caSecretName": ["123", "ca"],
    "observer.caSecretKey": ["1e3", "root.pem"],
    "observer.extraEnv": [[{"name": "HTTPS_PROXY", "value": "123"}]],
    "reads": ["token"],
    "rootPath": ["/waybill", "/tools/waybill"],
    "eventQuota": ["60/min, 4MiB/min, 10 places"],
    "environments": [["staging", "live = live-eu + live-us"]],
    "silentAfter": [3600],
    "logLevel": ["warning"],
    "listen": ["::"],
    "database.engine": ["postgresql"],
    "database.sqlite.existingClaim": ["123", "my-claim"],
    "database.sqlite.size": ["20Gi", 5000000000],
    "database.sqlite.storageClass": ["1e3", "fast"],
    "database.sqlite.accessMode": ["ReadWriteOncePod"],
    "database.sqlite.annotations": [{"example.org/backup": "yes"}],
    "database.postgresql.secretName": ["123", "ledger-db"],
    "database.postgresql.secretKey": ["0x1F", "uri"],
    "database.postgresql.port": [6432],
    "database.postgresql.pooler": ["session", "transaction"],
    "database.postgresql.caSecretName": ["123", "ca"],
    "database.postgresql.caSecretKey": ["1e3", "root.pem"],
    "flux.keysSecretName": ["true", "webhook-keys"],
    "flux.keysSecretKey": ["1.0", "keys"],
    "flux.namespace": ["123", "flux"],
    "tokens.secretName": ["123", "ledger-tokens"],
    "tokens.secretKey": ["1e3", "tokens"],
    "service.type": ["NodePort", "LoadBalancer"],
    "service.port": [8080],
    "service.annotations": [{"example.org/lb": "internal"}],
    "serviceAccount.create": [False],
    "serviceAccount.name": ["mine"],
    "serviceAccount.annotations": [{"example.org/role": "ledger"}],
    "networkPolicy.enabled": [False],
    "networkPolicy.clients": [[PEER], [PEER, {"ipBlock": {"cidr": "10.0.0.0/8"}}]],
    "networkPolicy.database": [[{"ipBlock": {"cidr": "10.1.2.3/32"}}]],
    "ingress.enabled": [True],
    "ingress.className": ["123", "nginx"],
    "ingress.annotations": [{"example.org/class": "on"}],
    "ingress.hosts": [["waybill.example.org"], ["*.example.org", "a.example.org"]],
    "ingress.tlsSecretName": ["123", "certificate"],
    "httpRoute.enabled": [True],
    "httpRoute.parentRefs": [[{"name": "internal", "namespace": "gateways"}]],
    "httpRoute.hostnames": [["waybill.example.org"]],
    "httpRoute.annotations": [{"example.org/route": "on"}],
    "serviceMonitor.enabled": [True],
    "serviceMonitor.labels": [{"release": "123"}],
    "serviceMonitor.interval": ["1m30s"],
    "serviceMonitor.tokenSecretName": ["123", "metrics"],
    "serviceMonitor.tokenSecretKey": ["1_000", "bearer"],
    "prometheusRule.enabled": [True],
    "prometheusRule.labels": [{"release": "no"}],
    "prometheusRule.failingFor": ["1h"],
    "dashboard.enabled": [True],
    "dashboard.labels": [{"grafana_dashboard": "2"}],
    "podSecurityContext": [{"supplementalGroups": [2000]}, {"seLinuxOptions": {"level": "s0:c1,c2"}}],
    "probes.startup": [{"failureThreshold": 60}],
    "probes.liveness": [{"timeoutSeconds": 10, "initialDelaySeconds": 5}],
    "probes.readiness": [{"periodSeconds": 5}],
    "user": [0, 1000700000],
    "resources.requests": [{"cpu": None}, {"cpu": 2, "memory": 268435456}],
    "resources.limits": [{"memory": None}, {"cpu": "1.5", "memory": "1Gi"}],
    "podLabels": [{"team": "123"}],
    "podAnnotations": [{"example.org/note": "yes"}],
    "priorityClassName": ["123", "high"],
    "nodeSelector": [{"kubernetes.io/arch": "arm64"}],
    "tolerations": [[{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]],
    "affinity": [{"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 1, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}]}}],
    "topologySpreadConstraints": [[
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"},
        {"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "ScheduleAnyway",
         "labelSelector": {"matchLabels": {"example.org/a": "b"}}}]],
    "extraEnv": [[{"name": "HTTPS_PROXY", "value": "123"}, {"name": "PGPASSFILE", "valueFrom": {"secretKeyRef": {
        "name": "pg", "key": "pass"}}}]],
    "extraVolumes": [[{"name": "more", "emptyDir": {}}]],
    "extraVolumeMounts": [[{"name": "more", "mountPath": "/more"}]],
    "extraInitContainers": [[{"name": "proxy", "image": SIDECAR, "restartPolicy": "Always"}]],
    "extraContainers": [[{"name": "beside", "image": SIDECAR, "securityContext": {"runAsUser": 1000}}]],
    "extraObjects": [[{"apiVersion": "v1", "kind": "Secret", "metadata": {
        "name": "of-{{ .Release.Name }}", "namespace": "{{ .Release.Namespace }}"}}]],
}  # fmt: skip

POSTGRESQL = {"database": {"engine": "postgresql", "postgresql": {"secretName": "ledger-database"}}}
OBSERVER = {"enabled": True, "environment": "staging", "keySecretName": "webhook"}
CONTEXT: dict[str, dict[str, Any]] = {
    "ledger": {"observer": {**OBSERVER, "ledgerUrl": "https://waybill.example.org"}},
    "observer": {"observer": OBSERVER, "flux": {"keysSecretName": "keys"}},
    "observer.caSecretKey": {"observer": {"caSecretName": "ca"}},
    "autoscaling": merged(POSTGRESQL, {"autoscaling": {"enabled": True}}),
    "database.postgresql.caSecretKey": {"database": {"postgresql": {"caSecretName": "ca"}}},
    "service.type": {"networkPolicy": {"clients": [PEER]}},
    "serviceAccount.create": {"serviceAccount": {"name": "", "annotations": {}}},
    "prometheusRule": {
        "prometheusRule": {"enabled": True},
        "serviceMonitor": {"enabled": True},
        "networkPolicy": {"clients": [PEER]},
    },
    "dashboard": {"dashboard": {"enabled": True}},
    "extraVolumeMounts": {"extraVolumes": [{"name": "more", "emptyDir": {}}]},
    "observer.schedule": {"observer": {"kind": "CronJob"}},
    "replicas": POSTGRESQL,
    "database.engine": POSTGRESQL,
    "database.postgresql": POSTGRESQL,
    "networkPolicy.database": POSTGRESQL,
    "flux.keysSecretKey": {"flux": {"keysSecretName": "keys"}},
    "tokens.secretKey": {"tokens": {"secretName": "tokens"}},
    "ingress": {"ingress": {"enabled": True, "hosts": ["ledger.example.org"]}, "networkPolicy": {"clients": [PEER]}},
    "httpRoute": {
        "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]},
        "networkPolicy": {"clients": [PEER]},
    },
    "serviceMonitor": {"serviceMonitor": {"enabled": True}, "networkPolicy": {"clients": [PEER]}},
    "serviceMonitor.tokenSecretKey": {"serviceMonitor": {"tokenSecretName": "metrics-token"}},
}


# What there is none of where the observer runs alone.
OF_A_LEDGER = {"ingress", "httpRoute", "serviceMonitor", "prometheusRule", "dashboard", "autoscaling"}


def context(path: str) -> dict[str, Any]:
    """The values that must be set for `path` to have an effect."""
    found: dict[str, Any] = {}
    for prefix, values in CONTEXT.items():
        if path == prefix or path.startswith(f"{prefix}."):
            found = merged(found, values)
    return found


def combination(number: int) -> dict[str, Any]:
    """Some of the examples with their contexts: values that the chart accepts. Each number has its own."""
    random = Random(number)  # noqa: S311 - a choice, no secret
    density, sqlite, alone = random.choice((0.15, 0.5, 0.85)), random.random() < 0.5, random.random() < 0.1
    possible = [
        path
        for path in EXAMPLES
        if not (sqlite and "database" in context(path))
        and (sqlite or path != "database.sqlite.existingClaim")
        and (path == "ledger.enabled") <= alone
        and not (alone and path.partition(".")[0] in OF_A_LEDGER)
    ]
    chosen = [path for path in possible if random.random() < density]
    values: dict[str, Any] = {}
    for path in chosen:
        values = merged(values, context(path))
    for path in chosen:
        values = merged(values, nested(path, random.choice(EXAMPLES[path])))
    if values.get("reads") == "token" and "serviceMonitor" in values:
        values = merged(values, nested("serviceMonitor.tokenSecretName", "metrics-token"))
    if values.get("serviceAccount", {}).get("create") is False:
        values["serviceAccount"] = {"create": False, "name": "mine"}
    if "autoscaling" in values:  # of a share of it, which an example takes away
        values = merged(values, nested("resources.requests.cpu", "1"))
    return values
