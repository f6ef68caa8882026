"""Whether Flux puts what it applies where kustomize built it."""

from ..errors import Refused
from ..yaml.edit import has

# https://fluxcd.io/flux/components/kustomize/kustomizations/
MOVES = (("spec", "targetNamespace"), ("spec", "namePrefix"), ("spec", "nameSuffix"), ("spec", "patches"))


def stays(kustomization: bytes | None) -> bool:
    """Whether a Flux Kustomization, where there is one, is sure to leave name and namespace as they are."""
    try:
        return kustomization is not None and not any(has(kustomization, path) for path in MOVES)
    except Refused:  # what people wrote there is not for us to judge
        return False
