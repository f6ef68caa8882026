"""Where Flux puts a HelmRelease that people wrote."""

import re

from .site import Existing

# https://fluxcd.io/flux/components/kustomize/kustomizations/
MOVING = ("namePrefix", "nameSuffix", "patches", "components")
NAMESPACE = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

NAME = re.compile("[a-z0-9]([a-z0-9.-]*[a-z0-9])?")  # a variable of Flux is none


def place_of(existing: Existing) -> str | None:
    """`namespace/name` of a HelmRelease that people wrote; None where its Flux Kustomization is not known, or sets more
    than the namespace."""
    spec = existing.flux[1] if existing.flux else None
    if spec is None or any(spec.get(name) for name in MOVING):
        return None
    namespace = str(spec.get("targetNamespace") or existing.namespace or "")
    return f"{namespace}/{existing.name}" if NAMESPACE.fullmatch(namespace) and NAME.fullmatch(existing.name) else None
