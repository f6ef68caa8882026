"""What the API server would refuse of Flux's objects, by the schemas that its controllers publish: the same as a
library finds with them."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from scripts.gitops.schema import RULES, findings, schemas, unseen
from scripts.settings import FLUX_VERSION
from tests.support import flux_schemas
from tests.support.crds import broken_rules

SOURCE = {"kind": "HelmRepository", "name": "orders"}
RELEASE: dict[str, Any] = {
    "apiVersion": "helm.toolkit.fluxcd.io/v2",
    "kind": "HelmRelease",
    "metadata": {"name": "orders"},
    "spec": {
        "interval": "10m",
        "timeout": "5m30s",
        "chart": {"spec": {"chart": "orders", "version": "1.0.0", "sourceRef": SOURCE, "interval": "1h"}},
        "install": {"remediation": {"retries": 3}, "crds": "Skip", "strategy": {"name": "RetryOnFailure"}},
        "upgrade": {"strategy": {"name": "RetryOnFailure", "retryInterval": "1m"}, "force": False},
        "driftDetection": {"mode": "warn", "ignore": [{"paths": ["/a"], "target": {"kind": "Deployment"}}]},
        "valuesFrom": [{"kind": "ConfigMap", "name": "a", "optional": True}],
        "values": {"a": [1, None, {"b": "c"}]},
        "postRenderers": [{"kustomize": {"patches": [{"patch": "a", "target": {"kind": "Pod"}}]}}],
        "commonMetadata": {"labels": {"a": "b"}},
        "maxHistory": 3,
        "kubeConfig": {"secretRef": {"name": "a"}},
    },
}
REPOSITORY: dict[str, Any] = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "HelmRepository",
    "metadata": {"name": "orders"},
    "spec": {"type": "oci", "url": "oci://example.org/a", "interval": "5m", "insecure": True},
}
ODD = ["", "x", "10m", "${A}", 5, 1.5, True, None, [], ["a"], {}, {"a": "b"}, "RemediateOnFailure", "oci://a"]


def wrong(*objects: dict[str, Any], flux: str = FLUX_VERSION, whole: bool = True) -> list[str]:
    return list(map(str, findings(objects, flux, whole=whole)))


def test_what_flux_takes_is_right() -> None:
    assert wrong(RELEASE, REPOSITORY) == []
    for item in (RELEASE, REPOSITORY):
        flux_schemas.validate(item)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"interval": 5}, "spec.interval is 5 where text belongs"),
        ({"interval": "5 minutes"}, "spec.interval is '5 minutes', and that is no duration such as 5m or 1h30m"),
        ({"interval": None}, "spec.interval is missing"),
        ({"suspend": "yes"}, "spec.suspend is 'yes' where true or false belongs"),
        ({"maxHistory": True}, "spec.maxHistory is true where a whole number belongs"),
        ({"tiemout": "5m"}, "spec.tiemout is no field that Flux knows"),
        ({"install": {"crds": "Always"}}, "spec.install.crds is 'Always', and Flux takes Skip or Create or"),
        ({"valuesFrom": {}}, "spec.valuesFrom is a mapping where a list belongs"),
        ({"valuesFrom": [{"kind": "ConfigMap"}]}, "spec.valuesFrom.0.name is missing"),
        ({"chartRef": SOURCE | {"kind": "OCIRepository"}}, "either chart or chartRef must be set"),
        ({"chart": None}, "either chart or chartRef must be set"),
        ({"commonMetadata": {"labels": {"a": 1}}}, "spec.commonMetadata.labels.a is 1 where text belongs"),
        ({"releaseName": "a" * 60}, "spec.releaseName has 60 letters"),
    ],
)
def test_the_field_is_named(edit: dict[str, Any], said: str) -> None:
    item = RELEASE | {"spec": {**RELEASE["spec"], **edit}}
    assert any(it.startswith(f"HelmRelease orders, {said}") or said in it for it in wrong(item)), wrong(item)


def test_a_field_beside_spec_is_none() -> None:
    [said] = wrong(RELEASE | {"values": {}})
    assert said.startswith("HelmRelease orders, values is no field that Flux knows")


def test_what_is_not_known_is_not_refused() -> None:
    """What Flux fills in, what a patch of its may add, and what a newer Flux may have."""
    assert wrong(RELEASE | {"spec": {**RELEASE["spec"], "interval": "${EVERY}", "maxHistory": "${N}"}}) == []
    lacking = RELEASE | {"spec": {"suspend": False}}
    assert len(wrong(lacking)) == 2
    assert wrong(lacking, whole=False) == []
    newer = RELEASE | {"spec": {**RELEASE["spec"], "fromTomorrow": 1, "install": {"crds": "Ask"}}}
    assert len(wrong(newer)) == 2
    assert wrong(newer, flux="2.10") == []
    assert list(unseen([newer, RELEASE], "2.10")) == [
        "whether Flux 2.10 takes HelmRelease orders, spec.install.crds",
        "whether Flux 2.10 takes HelmRelease orders, spec.fromTomorrow",
    ]
    assert list(unseen([newer], FLUX_VERSION)) == []
    older = RELEASE | {"apiVersion": "helm.toolkit.fluxcd.io/v2beta2"}
    assert wrong(older) == []
    [told] = unseen([older, RELEASE, {"apiVersion": "v1", "kind": "HelmRelease", "metadata": {}}], "2.8")
    assert told == "whether Flux 2.8 takes HelmRelease orders of helm.toolkit.fluxcd.io/v2beta2"


def test_every_rule_of_the_schemas_is_known() -> None:
    def rules(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from (it["rule"] for it in part.get("x-kubernetes-validations", ()))
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from rules(inner)

    assert set(rules(schemas())) == set(RULES)


def without_nothing(value: Any) -> Any:
    """As the API server reads null."""
    if isinstance(value, dict):
        return {key: without_nothing(it) for key, it in value.items() if it is not None}
    return [without_nothing(it) for it in value] if isinstance(value, list) else value


def mutated(item: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """With some values replaced, taken away or added, anywhere in its spec."""
    item = copy.deepcopy(item)
    for _ in range(chance.randint(1, 3)):
        at: Any = item["spec"]
        while inner := [
            it for it in (at.values() if isinstance(at, dict) else at) if isinstance(it, dict | list) and it
        ]:
            if chance.random() < 0.4:
                break
            at = chance.choice(inner)
        if isinstance(at, list):
            at[chance.randrange(len(at))] = chance.choice(ODD)
            continue
        key = chance.choice([*at, "odd", "chartRef", "retryInterval", "configMapRef"])
        if chance.random() < 0.2:
            at.pop(key, None)
        else:
            at[key] = copy.deepcopy(chance.choice(ODD))
    return item


def test_a_library_finds_the_same_wrong() -> None:
    chance, found = random.Random(13), 0  # noqa: S311
    for _ in range(1500):
        item = mutated(chance.choice([RELEASE, REPOSITORY]), chance)
        whole = without_nothing(item)
        if "${" in json.dumps(whole):
            continue
        schema = flux_schemas.schemas()[item["apiVersion"], item["kind"]]
        valid = jsonschema.Draft202012Validator(schema).is_valid(whole)
        valid = valid and isinstance(whole["spec"].get("values", {}), dict)
        if valid:
            # Of what has no right form no rule can be asked.
            valid = not broken_rules(schema, whole)
        assert (wrong(item) == []) == valid, (item, wrong(item))
        found += not valid
    assert found > 300
