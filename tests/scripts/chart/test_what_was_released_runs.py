"""Where the released image's repository occurs, its digest has to be the released one; and it has to run somewhere."""

import pytest

from scripts.chart.findings import Finding
from scripts.chart.images import Released, findings, warnings
from scripts.chart.manifests import Rendered, manifests
from scripts.image.blocks import Block
from tests.support.scripts.rendered import DIGEST, ORDERS, OTHER, REPOSITORY, pod, rendered

IMAGE = f"{REPOSITORY}@{DIGEST}"
TEST = '{"helm.sh/hook": test}'
WORKER = Released("worker", "ghcr.io/acme/worker", OTHER, (Block("worker", {"reference": ("worker", "image")}),))


def judged(*released: Released, **templates: str) -> list[Finding]:
    return list(findings(manifests(rendered(**templates)), released or (ORDERS,)))


@pytest.mark.parametrize("image", [IMAGE, f"{REPOSITORY}:efbc18d20baa@{DIGEST}"])
def test_the_digest_in_a_container_is_right_beside_images_of_others(image: str) -> None:
    assert judged(web=pod(image, "nginx:1.2", f"redis@{OTHER}")) == []


@pytest.mark.parametrize("image", [REPOSITORY, f"{REPOSITORY}:hotfix-7", f"{REPOSITORY}@{OTHER}"])
def test_another_tag_or_digest_of_the_repository_is_refused_wherever_it_is(image: str) -> None:
    for worker in (pod(image, name="worker"), pod(image, name="worker", annotations=TEST)):
        [finding] = judged(web=pod(IMAGE), worker=worker)
        assert finding.where == "orders/templates/worker.yaml, Pod/worker, container c0"
        assert image in finding.what
        assert ("`tag =" if OTHER not in image else "[image]") in finding.remedy


@pytest.mark.parametrize("image", [f"{REPOSITORY}:", f"{REPOSITORY}@", f"{REPOSITORY}:-1", f" {REPOSITORY}:1"])
def test_what_no_runtime_could_pull_is_refused_where_it_is_ours(image: str) -> None:
    """A key that is empty: the pod would be there and never start."""
    [finding] = judged(web=pod(IMAGE), worker=pod(f"'{image}'", name="worker"))
    assert finding.where == "orders/templates/worker.yaml, Pod/worker, container c0"
    assert f"runs {image}, which names no image that could be pulled" in finding.what


def test_what_lies_in_crds_runs_once_and_is_no_proof_that_the_release_runs() -> None:
    """Helm makes it as it lies there, whatever its kind, and never again."""
    beside = Rendered(rendered(web=f"# A comment\n---\n{pod(IMAGE)}\n---\nkind: CustomResourceDefinition"), b"").beside
    assert list(findings([*manifests(rendered(web=pod(IMAGE))), *beside], [ORDERS])) == []
    [finding] = findings([*manifests(rendered(web=pod("nginx"))), *beside], [ORDERS])
    assert "for the first installation alone" in finding.what
    old = Rendered(rendered(worker=pod(f"{REPOSITORY}:1", name="worker")), b"").beside
    [finding] = findings([*manifests(rendered(web=pod(IMAGE))), *old], [ORDERS])
    assert (finding.where.rpartition(", ")[0], "templates/" in finding.remedy) == (
        "orders/templates/worker.yaml, Pod/worker",
        True,
    )


def test_what_flux_fills_in_is_not_the_release() -> None:
    [finding] = judged(web=pod(f"'{REPOSITORY}@${{digest}}'"))
    assert f"runs {REPOSITORY}@${{digest}}, which Flux fills in with something that is not known here" in finding.what


def test_a_host_before_a_host_with_a_port_names_no_image() -> None:
    local = Released("orders", "127.0.0.1:5000/orders", DIGEST, ORDERS.blocks)
    [finding] = judged(local, web=pod(f"docker.io/127.0.0.1:5000/orders@{DIGEST}"))
    assert "names no image that could be pulled" in finding.what
    assert "`registry` in [image]" in finding.remedy


def test_what_no_runtime_could_pull_is_said_where_it_is_anothers() -> None:
    found = manifests(rendered(web=pod(IMAGE, "'nginx:'", "'nginx:${NGINX}'", "nginx:1")))
    assert list(findings(manifests(rendered(web=pod(IMAGE, f"'x{REPOSITORY}:'"))), [ORDERS])) == []
    assert list(findings(found, [ORDERS])) == []
    [warning] = warnings(found, [ORDERS])
    assert "container c1 runs 'nginx:', which names no image that could be pulled" in warning


def test_docker_hub_has_one_repository_under_many_names() -> None:
    orders = Released("orders", "acme/orders", DIGEST, ORDERS.blocks)
    assert judged(orders, web=pod(f"docker.io/acme/orders@{DIGEST}")) == []
    [finding] = judged(orders, web=pod(f"acme/orders@{DIGEST}", "index.docker.io/acme/orders:1"))
    assert "index.docker.io/acme/orders:1" in finding.what


def test_the_digest_under_another_repository_is_refused() -> None:
    """One tag key for two repositories makes an image that cannot exist."""
    [finding] = judged(web=pod(IMAGE, f"ghcr.io/acme/machine-learning:efbc18d20baa@{DIGEST}"))
    assert finding.where == "orders/templates/web.yaml, Pod/orders, container c1"
    assert "ghcr.io/acme/machine-learning" in finding.what
    assert "--image" in finding.remedy
    assert "`registry`" in finding.remedy


def test_two_released_images_may_share_a_digest() -> None:
    twin = Released("twin", "ghcr.io/acme/twin", DIGEST, ())
    assert judged(ORDERS, twin, web=pod(IMAGE, f"ghcr.io/acme/twin@{DIGEST}")) == []


def test_a_test_pod_alone_runs_nothing() -> None:
    [finding] = judged(test=pod(IMAGE, annotations=TEST))
    assert "No container runs" in str(finding)
    assert "for `helm test` alone" in finding.what
    assert judged(job=pod(IMAGE, annotations='{"helm.sh/hook": "pre-install,pre-upgrade"}')) == []
    assert judged(job=pod(IMAGE, annotations='{"helm.sh/hook": "test,post-install"}')) == []


def test_a_hook_that_no_upgrade_runs_runs_nothing() -> None:
    [finding] = judged(job=pod(IMAGE, annotations='{"helm.sh/hook": "pre-delete,post-rollback"}'))
    assert "for post-rollback and pre-delete alone" in finding.what
    assert judged(job=pod(IMAGE, annotations='{"helm.sh/hook": "pre-delete,post-upgrade"}')) == []


@pytest.mark.parametrize("hook", ["test-success", "test-failure", "test, test-failure"])
def test_old_names_of_tests(hook: str) -> None:
    assert len(judged(test=pod(IMAGE, annotations=f'{{"helm.sh/hook": "{hook}"}}'))) == 1


def test_an_image_that_no_container_runs_is_refused_with_what_runs_instead() -> None:
    [finding] = judged(web=pod("nginx:1.2"))
    assert IMAGE in finding.where
    assert "nginx:1.2 (orders/templates/web.yaml)" in finding.what
    assert ".Values.image.digest" in finding.remedy
    [finding] = judged(web="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}")
    assert "no container at all" in finding.what


def test_a_template_that_joins_repository_and_tag_gets_the_form_that_fits() -> None:
    [finding] = judged(web=pod(f"{REPOSITORY}:1"))
    assert finding.where.endswith("container c0")
    assert 'repository = "image.repository"' in finding.remedy
    assert "`tag =" in finding.remedy
    tag = Released(
        "orders", REPOSITORY, DIGEST, (Block("orders", {"repository": ("image", "name"), "tag": ("image", "tag")}),)
    )
    [finding] = judged(tag, web=pod(f"{REPOSITORY}:1"))
    assert ".Values.image.tag" in finding.remedy


def test_each_of_several_images_has_to_run() -> None:
    worker = f"ghcr.io/acme/worker@{OTHER}"
    assert judged(ORDERS, WORKER, web=pod(IMAGE), worker=pod(worker, name="worker")) == []
    [finding] = judged(ORDERS, WORKER, web=pod(IMAGE))
    assert "ghcr.io/acme/worker" in finding.where
    assert ".Values.worker.image" in finding.remedy


def test_two_images_of_one_repository_are_told_apart_by_digest() -> None:
    worker = Released("worker", REPOSITORY, OTHER, WORKER.blocks)
    assert judged(ORDERS, worker, web=pod(IMAGE, f"{REPOSITORY}@{OTHER}")) == []
    [finding] = judged(ORDERS, worker, web=pod(IMAGE))
    assert f"No container runs {REPOSITORY}@{OTHER}" in finding.where
    [finding] = judged(ORDERS, worker, web=pod(IMAGE, f"{REPOSITORY}@{OTHER}", f"{REPOSITORY}:1"))
    assert f"{IMAGE} or {REPOSITORY}@{OTHER}" in finding.what


def test_every_kind_of_container_however_deep() -> None:
    workflow = f"""
        apiVersion: example.org/v1
        kind: Thing
        metadata: {{name: thing}}
        spec:
          jobs: [{{template: {{spec: {{initContainers: [{{name: a, image: "{REPOSITORY}:1"}}]}}}}}}]
          pod: {{ephemeralContainers: [{{image: "{REPOSITORY}:2"}}]}}
          more: {{containers: [{{name: b, image: "{REPOSITORY}:3"}}, {{name: c}}, text]}}
        """
    found = judged(web=pod(IMAGE), thing=workflow)
    assert [finding.where.rpartition(", ")[2] for finding in found] == ["container a", "container 0", "container b"]
