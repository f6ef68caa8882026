"""The forms in which values.yaml names an image: read back as written, beside bytes that stay."""

from typing import Any

import pytest
import yaml

from scripts.errors import Refused
from scripts.image.blocks import Block, parse
from scripts.image.keys import read, write
from scripts.image.reference import Reference

REPOSITORY, DIGEST, COMMIT = "ghcr.io/acme/orders", "sha256:" + "ab" * 32, "0123456789abcdef" * 2 + "01234567"
PAIR: dict[str, Any] = {"repository": "image.repository", "digest": "image.digest"}
TAG: dict[str, Any] = {"repository": "image.repository", "tag": "image.tag"}


def put(values: bytes, *blocks: Block, repository: str = REPOSITORY) -> bytes:
    return write(blocks, values, {"orders": Reference(repository, DIGEST)}, {"orders": COMMIT[:12]})


@pytest.mark.parametrize(
    ("table", "before", "after"),
    [
        pytest.param(
            PAIR,
            "# ours\nimage:\n  repository: a/b # where\n  digest: ''\nx: 1\n",
            f"# ours\nimage:\n  repository: {REPOSITORY} # where\n  digest: '{DIGEST}'\nx: 1\n",
            id="repository and digest",
        ),
        pytest.param(
            PAIR,
            "image:\r\n    repository: a/b # where\r\n    pullPolicy: Always\r\n",
            f'image:\r\n    repository: {REPOSITORY} # where\r\n    digest: "{DIGEST}"\r\n    pullPolicy: Always\r\n',
            id="a missing digest, after its sibling and with the file's line end",
        ),
        pytest.param(
            PAIR,
            "image: {repository: a/b, pullPolicy: Always}\n",
            f'image: {{repository: {REPOSITORY}, digest: "{DIGEST}", pullPolicy: Always}}\n',
            id="a missing digest in a flow mapping",
        ),
        pytest.param(
            {"repository": "web.name", "digest": "pins.web"},
            "web: {name: a/b}\npins:\n  db: c\n",
            f'web: {{name: {REPOSITORY}}}\npins:\n  db: c\n  web: "{DIGEST}"\n',
            id="keys in two mappings",
        ),
        pytest.param(
            {"repository": "repository", "digest": "digest"},
            "repository: a/b\nreplicas: 1\n",
            f'repository: {REPOSITORY}\ndigest: "{DIGEST}"\nreplicas: 1\n',
            id="keys at the top",
        ),
        pytest.param(
            {"reference": "web.image"},
            'web:\n  image: "a.example:5000/b:1.2"\n',
            f'web:\n  image: "{REPOSITORY}@{DIGEST}"\n',
            id="one reference",
        ),
        pytest.param(
            {"reference": "containers.1.image"},
            "containers:\n- image: first\n- name: web\n  image: a/b@sha256:0 # ours\n",
            f"containers:\n- image: first\n- name: web\n  image: {REPOSITORY}@{DIGEST} # ours\n",
            id="a list's item by its index",
        ),
        pytest.param(
            {"reference": ("images", 0)},
            "images: [a/b, c/d]\n",
            f"images: [{REPOSITORY}@{DIGEST}, c/d]\n",
            id="an array that ends with an index",
        ),
        pytest.param(
            {"repository": ("app.kubernetes.io/image", "0", "repository"), "digest": ("pins", "a.b")},
            'app.kubernetes.io/image:\n  "0": {repository: a/b}\npins:\n  a.b: x\n',
            f'app.kubernetes.io/image:\n  "0": {{repository: {REPOSITORY}}}\npins:\n  a.b: {DIGEST}\n',
            id="keys with dots and digits, as arrays",
        ),
        pytest.param(
            TAG,
            'image:\n  repository: nginx\n  # Overrides the appVersion.\n  tag: ""\n',
            f'image:\n  repository: {REPOSITORY}\n  # Overrides the appVersion.\n  tag: "0123456789ab@{DIGEST}"\n',
            id="repository and tag, as helm create writes them",
        ),
        pytest.param(
            TAG,
            "image:\n  repository: nginx\n  tag: # defaults to the appVersion\n",
            f'image:\n  repository: {REPOSITORY}\n  tag: "0123456789ab@{DIGEST}" # defaults to the appVersion\n',
            id="a tag without a value",
        ),
        pytest.param(
            TAG | {"digest": "image.digest"},
            "image: {repository: nginx, tag: 1.2, digest: }\n",
            f'image: {{repository: {REPOSITORY}, tag: 0123456789ab, digest: "{DIGEST}"}}\n',
            id="a tag and a digest, each in a key of its own",
        ),
    ],
)
def test_written_and_read_back(table: dict[str, Any], before: str, after: str) -> None:
    (block,) = parse(table, "orders")
    written = put(before.encode(), block)
    assert written.decode() == after
    assert read(block, written) == (REPOSITORY, DIGEST)
    assert put(written, block) == written
    assert yaml.safe_load(written) != yaml.safe_load(before)


@pytest.mark.parametrize(
    ("table", "values", "image"),
    [
        (PAIR, "image: {repository: a/b, digest: 'sha256:1'}", ("a/b", "sha256:1")),
        (PAIR, "image: {repository: a/b, digest: }", ("a/b", "")),
        (PAIR, "image: {digest: ''}", ("", "")),
        (PAIR, "replicas: 1", ("", "")),
        (PAIR, "", ("", "")),
        ({"reference": "image"}, "image: a/b", ("a/b", "")),
        ({"reference": "image"}, "image: a/b:1.2", ("a/b", "")),
        ({"reference": "image"}, "image: a.example:5000/b", ("a.example:5000/b", "")),
        ({"reference": "image"}, "image: a.example:5000/b:1.2@sha256:1", ("a.example:5000/b", "sha256:1")),
        ({"reference": "image"}, "image: ", ("", "")),
        (TAG, "image: {repository: a/b, tag: 1.2}", ("a/b", "")),
        (TAG, "image: {repository: a/b, tag: '1.2@sha256:1'}", ("a/b", "sha256:1")),
    ],
)
def test_what_values_hold(table: dict[str, Any], values: str, image: tuple[str, str]) -> None:
    assert read(*parse(table, "orders"), values.encode()) == image


@pytest.mark.parametrize(
    ("table", "values", "says"),
    [
        (PAIR, "", "values.yaml has no image.repository"),
        (PAIR, "replicas: 1\n", "values.yaml has no image.repository"),
        (PAIR, "image:\n", "values.yaml has no image.repository"),
        (PAIR, "image: {digest: ''}\n", "values.yaml has no image.repository"),
        (PAIR, "image: nginx\n", "image holds a single value, so there is no image.repository"),
        ({"repository": "name", "digest": "pins.web"}, "name: a/b\n", "values.yaml has no pins.web"),
        (TAG, "image: {repository: a/b}\n", "values.yaml has no image.tag"),
        ({"reference": "web.image"}, "web: {}\n", "values.yaml has no web.image"),
        ({"reference": "containers.1.image"}, "containers: [{image: a}]\n", "values.yaml has no containers.1.image"),
        ({"reference": "containers.web"}, "containers: [{image: a}]\n", "containers holds a list"),
        ({"reference": "images.web"}, "images: {web: {name: a}}\n", "it holds a mapping, not a single value"),
        (PAIR, "image: &i {repository: a, digest: b}\nother: *i\n", "the anchor on line 1 feeds other"),
    ],
)
def test_values_without_a_place_for_the_image_are_refused(table: dict[str, Any], values: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        put(values.encode(), *parse(table, "orders"))
    assert says in refused.value.what
    assert refused.value.fault == "chart"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "has nothing, which is none of the forms"),
        ({"repository": "a"}, "has repository, which is none"),
        ({"digest": "a"}, "has digest"),
        ({"tag": "a", "digest": "b"}, "has tag, digest"),
        ({"reference": "a", "digest": "b"}, "has reference, digest"),
        ({"repository": "a", "digest": "a"}, "one key for both repository and digest"),
        ({"repository": "a.0", "digest": ("a", 0)}, "one key for both"),
        ({"reference": ""}, "reference = '' in [image] is no path"),
        ({"reference": "a..b"}, "no path"),
        ({"reference": ".a"}, "no path"),
        ({"reference": ()}, "no path"),
    ],
)
def test_other_tables_are_refused(table: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(table, "orders")
    assert says in refused.value.what
    assert refused.value.fault == "you"


def test_an_image_without_a_host_where_the_host_has_a_key() -> None:
    (block,) = parse({"registry": "r", "repository": "n", "digest": "d"}, "orders")
    with pytest.raises(Refused, match="nginx has no registry host"):
        put(b"r: a\nn: b\nd: c\n", block, repository="nginx")


def test_each_place_of_an_image_gets_it() -> None:
    tables = [{"repository": "a.name", "tag": "a.tag"}, {"repository": "a.name", "digest": "b"}, {"reference": "c"}]
    blocks = parse(tables, "orders")
    written = put(b"a: {name: x, tag: y}\nb: z\nc: none\n", *blocks)
    assert written.decode() == (
        f"a: {{name: {REPOSITORY}, tag: {COMMIT[:12]}@{DIGEST}}}\nb: {DIGEST}\nc: {REPOSITORY}@{DIGEST}\n"
    )
    assert {read(block, written) for block in blocks} == {(REPOSITORY, DIGEST)}


def test_one_key_cannot_hold_two_texts() -> None:
    blocks = parse([{"reference": "a"}, {"repository": "b", "digest": "a"}], "orders")
    with pytest.raises(Refused, match="wants two texts in a of values"):
        put(b"a: x\nb: y\n", *blocks)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ([], "names no image"),
        (
            [{"reference": "a"}, {"referense": "b"}],
            "[[image]] number 2 of waybill.toml has the unknown key `referense`",
        ),
        ([{"reference": "a"}, {"repository": "b"}], "[[image]] number 2 has repository, which is none"),
        ({"quux": "a"}, "[image] of waybill.toml has the unknown key `quux`"),
    ],
)
def test_the_block_that_is_wrong_is_named(tables: Any, says: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(tables, "orders")
    assert says in refused.value.what
