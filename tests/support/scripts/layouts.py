"""GitOps repos as people have them: the shapes of flux2-kustomize-helm-example, of the d2 fleet and of a home-ops repo,
with one service `orders`. CHARTS stands for where charts are published, as `oci://host/path`."""

from collections.abc import Mapping

Files = Mapping[str, str]


def at(files: Files, charts: str) -> dict[str, str]:
    return {path: text.replace("CHARTS", charts) for path, text in files.items()}


def called(files: Files, service: str) -> dict[str, str]:
    """The layout below a folder of its own, for a service of another name."""
    return {
        f"{service}/{path.replace('orders', service)}": text.replace("orders", service).replace(
            "path: ./", f"path: ./{service}/"
        )
        for path, text in files.items()
    }


def flux(name: str, path: str, more: str = "") -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata:\n  name: {name}\n  namespace: flux-system\nspec:\n  interval: 10m\n  path: {path}\n  prune: true\n"
        f"  sourceRef:\n    kind: GitRepository\n    name: flux-system\n{more}"
    )


def kustomization(*resources: str, more: str = "") -> str:
    return (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        + ("resources:\n" if resources else "")
        + "".join(f"  - {name}\n" for name in resources)
        + more
    )


HELM_REPOSITORY = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata:
  name: orders
spec:
  type: oci
  interval: 5m
  url: CHARTS
"""
HELM_RELEASE = """\
# The service, as everybody has it.
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: orders
spec:
  releaseName: orders
  chart:
    spec:
      chart: orders
      version: 0.0.9   # what runs
      sourceRef:
        kind: HelmRepository
        name: orders
  interval: 50m
  install:
    strategy: {name: RetryOnFailure}
  values:
    greeting: hello
"""
PATCH = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: orders
spec:
  values:
    greeting: "from ENVIRONMENT"
  test:
    enable: false
"""

# apps/<environment> patches apps/base; clusters/<environment> is what bootstrap applies.
FLUX_EXAMPLE: Files = {
    "apps/base/orders/kustomization.yaml": kustomization("repository.yaml", "release.yaml", more="namespace: shop\n"),
    "apps/base/orders/repository.yaml": HELM_REPOSITORY,
    "apps/base/orders/release.yaml": HELM_RELEASE,
    **{
        path: text
        for environment in ("staging", "production")
        for path, text in {
            f"apps/{environment}/kustomization.yaml": kustomization(
                "../base/orders", more="patches:\n  - path: orders-values.yaml\n    target:\n      kind: HelmRelease\n"
            ),
            f"apps/{environment}/orders-values.yaml": PATCH.replace("ENVIRONMENT", environment),
            f"clusters/{environment}/apps.yaml": flux("apps", f"./apps/{environment}"),
            f"clusters/{environment}/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            f"clusters/{environment}/flux-system/gotk-sync.yaml": flux("flux-system", f"./clusters/{environment}"),
        }.items()
    },
}

OCI_REPOSITORY = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: orders
spec:
  interval: 1h
  url: CHARTS/orders
  layerSelector:
    mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip
    operation: copy
  ref:
    tag: 0.0.9
"""
# One folder for each app, whose Flux Kustomization stands beside it; the source is a file of its own.
HOME_OPS: Files = {
    "kubernetes/flux/cluster/ks.yaml": flux(
        "cluster-apps", "./kubernetes/apps", "  postBuild:\n    substituteFrom: [{kind: Secret, name: cluster}]\n"
    ),
    "kubernetes/apps/default/kustomization.yaml": kustomization("./namespace.yaml", "./orders/ks.yaml"),
    "kubernetes/apps/default/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: default\n",
    "kubernetes/apps/default/orders/ks.yaml": "---\n"
    + flux("orders", "./kubernetes/apps/default/orders/app", "  targetNamespace: &ns default\n  wait: false\n").replace(
        "name: orders\n", "name: &app orders\n"
    ),
    "kubernetes/apps/default/orders/app/kustomization.yaml": "---\n"
    + kustomization("./helmrelease.yaml", "./ocirepository.yaml"),
    "kubernetes/apps/default/orders/app/ocirepository.yaml": "---\n" + OCI_REPOSITORY,
    "kubernetes/apps/default/orders/app/helmrelease.yaml": """\
---
# yaml-language-server: $schema=https://schemas.example/helmrelease-helm-v2.schema.json
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: &app orders
spec:
  interval: 1h
  chartRef:
    kind: OCIRepository
    name: *app
  values:
    greeting: hello
    podLabels: {app: *app}
""",
}

# A component with a base and a folder for each environment, several documents in a file; what applies it is elsewhere.
D2: Files = {
    "components/shop/base/kustomization.yaml": kustomization("orders.yaml"),
    "components/shop/base/orders.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: orders\n---\n"
    + OCI_REPOSITORY.replace("  ref:\n    tag: 0.0.9\n", "  ref:\n    tag: 0.0.1\n")
    + """\
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: orders
spec:
  interval: 30m
  chartRef: {kind: OCIRepository, name: orders}
  values: {greeting: hello}
""",
    **{
        path: text
        for environment in ("staging", "production")
        for path, text in {
            f"components/shop/{environment}/kustomization.yaml": kustomization(
                "../base", more="namespace: shop\npatches:\n  - path: orders.yaml\n"
            ),
            f"components/shop/{environment}/orders.yaml": """\
# What this environment runs.
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: orders
  annotations: {}
spec: {values: {greeting: "hi"}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: orders}
spec:
  ref: {tag: 0.0.9}  # and its digest
""",
        }.items()
    },
}
LAYOUTS = {"flux-example": FLUX_EXAMPLE, "home-ops": HOME_OPS, "d2": D2}
FILES = {
    "flux-example": "apps/staging/orders-values.yaml",
    "home-ops": "kubernetes/apps/default/orders/app/helmrelease.yaml",
    "d2": "components/shop/staging/orders.yaml",
}
