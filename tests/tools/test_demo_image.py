"""The image that the demo and the tests ship is a real one, and the same content gives the same digest."""

import json

from tools.demo.image import crane, push_image


def test_the_same_image_has_the_same_digest_and_other_content_another(registry: str) -> None:
    first = push_image(f"{registry}/image/one", "first")
    assert push_image(f"{registry}/image/two", "first") == first
    assert push_image(f"{registry}/image/one", "second") != first
    assert crane("digest", f"{registry}/image/one@{first}") == first


def test_several_platforms_make_an_index(registry: str) -> None:
    digest = push_image(f"{registry}/image/index", platforms=["linux/amd64", "linux/arm64"])
    index = json.loads(crane("manifest", f"{registry}/image/index@{digest}"))
    assert [entry["platform"] for entry in index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux"},
    ]
