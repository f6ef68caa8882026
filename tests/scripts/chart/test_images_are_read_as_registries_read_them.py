"""One image has many names. Expected: what github.com/distribution/reference makes of each, one name for each host."""

import pytest

from scripts.image.name import full, read
from tests.support.scripts.rendered import DIGEST


@pytest.mark.parametrize(
    ("image", "repository", "tag", "digest"),
    [
        ("nginx", "docker.io/library/nginx", "", ""),
        ("library/nginx:1", "docker.io/library/nginx", "1", ""),
        ("docker.io/nginx", "docker.io/library/nginx", "", ""),
        ("index.docker.io/library/nginx", "docker.io/library/nginx", "", ""),
        ("acme/orders", "docker.io/acme/orders", "", ""),
        ("localhost/orders", "localhost/orders", "", ""),
        ("registry:5000/orders:1.2", "registry:5000/orders", "1.2", ""),
        ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "", ""),
        ("registry-1.docker.io/acme/orders:1", "docker.io/acme/orders", "1", ""),
        ("registry.hub.docker.com/library/nginx", "docker.io/library/nginx", "", ""),
        ("GHCR.io:443/acme/orders:1", "ghcr.io/acme/orders", "1", ""),
        ("[::1]:5000/a:2", "[::1]:5000/a", "2", ""),
        ("Registry/a", "Registry/a", "", ""),
        (f"ghcr.io/acme/orders:efbc18d20baa@{DIGEST}", "ghcr.io/acme/orders", "efbc18d20baa", DIGEST),
        (f"orders@{DIGEST}", "docker.io/library/orders", "", DIGEST),
    ],
)
def test_the_full_name(image: str, repository: str, tag: str, digest: str) -> None:
    found = read(image)
    assert found is not None
    assert (found.repository, found.tag, found.digest) == (repository, tag, digest)
    assert full(found.repository) == found.repository


@pytest.mark.parametrize(
    "image",
    [
        *["", "@", "orders@sha256:12", "orders:", "orders:-1", "orders:a/b", "docker://orders:1", "acme/Orders"],
        f"orders@{DIGEST}@{DIGEST}",
    ],
)
def test_what_names_no_image(image: str) -> None:
    assert read(image) is None
