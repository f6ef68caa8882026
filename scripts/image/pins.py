"""The images whose digest Flux sets after Helm, as items of kustomize's `images`:
https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/."""

from collections.abc import Sequence

from .blocks import Block
from .by_name import Images
from .name import full


def pins(blocks: Sequence[Block], images: Images) -> list[dict[str, str]]:
    """`newName` only where the image lies elsewhere than the chart says; never `newTag`, which would stay beside the
    digest."""
    found = {block.post_render: images[block.name] for block in blocks if block.post_render and block.name in images}
    return [
        {"name": name}
        | ({} if full(name) == full(image.repository) else {"newName": image.repository})
        | {"digest": image.digest}
        for name, image in found.items()
    ]


def renderers(blocks: Sequence[Block], images: Images) -> list[dict[str, object]]:
    """The same as a HelmRelease's spec.postRenderers."""
    return [{"kustomize": {"images": [pin]}} for pin in pins(blocks, images)]
