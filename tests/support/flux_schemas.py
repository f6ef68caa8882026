"""Flux's own schemas: the CRDs of its controllers."""

from functools import cache
from typing import Any

import jsonschema
import kubernetes_validate

from tests.support.crds import Schemas, crds


@cache
def schemas() -> Schemas:
    return crds("flux-crds", "config/crd/bases/*.yaml")


def validate(found: dict[str, Any]) -> None:
    """Raises for what the API server would refuse: Flux's kinds by their CRDs, the others as built in."""
    schema = schemas().get((found["apiVersion"], found["kind"]))
    if schema is None:
        kubernetes_validate.validate(found, "1.36", strict=True)
    else:
        jsonschema.Draft202012Validator(schema).validate(found)
