"""What `helm template` prints, put together by hand."""

import textwrap

from scripts.chart.images import Released
from scripts.image.blocks import Block

DIGEST, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
REPOSITORY = "ghcr.io/acme/orders"
KEYS = {"repository": ("image", "repository"), "digest": ("image", "digest")}
ORDERS = Released("orders", REPOSITORY, DIGEST, (Block("orders", KEYS),))


def rendered(**templates: str) -> bytes:
    """The documents of each template, by its name without `.yaml`."""
    return "".join(
        f"---\n# Source: orders/templates/{name}.yaml\n{textwrap.dedent(text).strip()}\n"
        for name, text in templates.items()
    ).encode()


def pod(*images: str, name: str = "orders", annotations: str = "{}") -> str:
    containers = "".join(f"\n  - name: c{number}\n    image: {image}" for number, image in enumerate(images))
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  annotations: {annotations}\nspec:\n"
        f"  containers:{containers}"
    )
