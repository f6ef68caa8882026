"""What is a secret by its kind, in whatever it lies, and what Helm says about values never reach a proposal."""

import json
from pathlib import Path

import pytest

from scripts.diff.compare import compare
from scripts.diff.overlay import build
from scripts.errors import Refused
from scripts.yaml.objects import parse
from tests.support.chart_releases import DEPLOYMENT, TEMPLATES, Releases

STAGING = "apps/orders/staging/release.yaml"
DATA = "data: {password: aHVudGVyMg==}\nstringData: {plain: hunter2}\n"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{DATA}"
APPLIED = json.dumps({"kind": "Secret", "stringData": {"plain": "hunter2"}})


def inside(key: str, text: str) -> str:
    return f"{key}:\n" + "".join(f"  {line}\n" for line in text.splitlines())


HOLDERS = {
    "a Secret": SECRET,
    "a SecretList": "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n"
    "  data: {password: aHVudGVyMg==}\n  stringData: {plain: hunter2}\n",
    "a List": "apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  metadata: {name: a}\n  stringData: {p: hunter2}\n",
    "a List of lists": "apiVersion: v1\nkind: List\nitems:\n- kind: SecretList\n  metadata: {}\n  items:\n"
    "  - metadata: {name: a}\n    stringData: {p: hunter2}\n",
    "an object with a Secret inside": "apiVersion: x/v1\nkind: Bundle\nmetadata: {name: a}\n" + inside("spec", SECRET),
    "an object with a SecretList inside": "apiVersion: x/v1\nkind: Bundle\nmetadata: {name: a}\nspec:\n"
    "  kind: SecretList\n  items:\n  - metadata: {name: a}\n    stringData: {p: hunter2}\n",
    "an annotation": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n"
    f"    kubectl.kubernetes.io/last-applied-configuration: '{APPLIED}'\n",
    **{
        f"an annotation of {name}": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"
        f"  annotations: {{{key}: hunter2}}\n"
        for name, key in {"Rancher": "objectset.rio.cattle.io/applied", "kapp": "kapp.k14s.io/original"}.items()
    },
    "an annotation of any name": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n"
    f"  annotations: {{backup: '{APPLIED}'}}\n",
    "a text of a ConfigMap": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  secret.yaml: |\n"
    + "".join(f"    {line}\n" for line in SECRET.splitlines()),
}
# Texts with a password in an address; what stands around it is shown.
ADDRESSES = {
    "plain": "postgres://orders:hunter2@db.example/orders",
    "without a user": "redis://:hunter2@cache.example:6379",
    "a token as user": "https://hunter2@git.example/acme",
    "with signs of an address in it": "amqp://orders:hunter2/@x@mq.example",
    "in a line": "see https://docs.example and amqp://orders:hunter2@mq.example for it",
}


def shown(before: str, after: str) -> str:
    changes = compare(parse(before.encode()), parse(after.encode()), "apps")
    return "\n".join(line for change in changes for line in (change.name, *change.lines))


@pytest.mark.parametrize("holder", HOLDERS)
def test_the_data_of_a_secret_is_not_shown_wherever_it_lies(holder: str) -> None:
    text = HOLDERS[holder]
    other = text.replace("hunter2", "swordfish").replace("aHVudGVyMg==", "c3dvcmRmaXNo")
    for before, after in (("", text), (text, ""), (text, other), (text, text.replace("name: a", "name: b"))):
        said = shown(before, after)
        assert "(not shown" in said or before == ""
        for value in ("hunter2", "swordfish", "aHVudGVyMg", "c3dvcmRmaXNo"):
            assert value not in said
    assert "(not shown, changed)" in shown(text, other)


def test_items_of_a_list_are_objects_as_the_cluster_gets_them() -> None:
    text = "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}, {metadata: {name: b}}]\n"
    assert shown(text, text.replace("name: b", "name: b, labels: {c: d}")).startswith("ConfigMap/b\n")


@pytest.mark.parametrize("helper", ["fail", "required"])
def test_a_message_of_helm_with_an_environments_value_is_not_shown(releases: Releases, helper: str) -> None:
    says = {
        "fail": '{{ fail (printf "wrong: %s" .Values.password) }}',
        "required": "{{ required (upper .Values.password) .Values.none }}",
    }
    releases.merged("1.0.0", TEMPLATES)
    releases.repo.commit({STAGING: releases.repo.text(STAGING) + "  values: {password: hunter2}\n"})
    said = releases.changes({"deployment": DEPLOYMENT, "bad": says[helper] + "\n"})
    assert "hunter2" not in said.lower()
    assert "'helm template' failed with the values of HelmRelease orders at orders/templates/bad.yaml:1:" in said
    assert "hunter2" not in (releases.repo.folder / "orders.md").read_text().lower()


@pytest.mark.parametrize("text", ADDRESSES.values(), ids=ADDRESSES)
def test_a_password_in_an_address_is_not_shown_and_that_it_changes_is(text: str) -> None:
    holder = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{url: '{text}'}}\n"
    other = holder.replace("hunter2", "swordfish")
    for before, after in ((other, holder), (holder, ""), (holder, holder.replace("name: a", "name: b"))):
        said = shown(before, after)
        assert "hunter2" not in said + shown(after, before)
        assert "swordfish" not in said
        assert "***@" in said or "*** (not shown, changed)@" in said
    assert "*** (not shown, changed)@" in shown(other, holder)
    assert "example" in shown(other, holder)


@pytest.mark.parametrize(
    "text",
    ["https://cdn.example:8080/@acme/x@1.2.3", "https://cdn.example/npm/@acme/x", "oci://ghcr.io/a@sha256:" + "b" * 64],
)
def test_an_address_without_a_password_is_shown_whole(text: str) -> None:
    holder = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{url: '{text}'}}\n"
    assert text in shown(holder, holder.replace("url", "address"))


def test_what_kustomize_says_of_a_secret_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(SECRET)
    (tmp_path / "kustomization.yaml").write_text(
        "resources: [secret.yaml]\nreplacements:\n- source: {kind: Secret, name: a, fieldPath: stringData.plain}\n"
        "  targets: [{select: {kind: Secret}, fieldPaths: [stringData.plain.below]}]\n"
    )
    with pytest.raises(Refused) as refused:
        build(tmp_path, tmp_path)
    assert "hunter2" not in refused.value.what
    assert 'unable to find field "stringData.plain.below"' in refused.value.what
