"""The known traps of editing YAML at a parser's marks, one by one; and what Helm itself reads afterwards."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from scripts.errors import Refused
from scripts.yaml.edit import has, read, set_scalar


def edited(source: str, path: str = "image.digest", value: str | bool = "new", **options: object) -> str:
    return set_scalar(source.encode(), tuple(path.split(".")), value, **options).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("image:\n  digest: old # why\n", "image:\n  digest: new # why\n"),
        ("image:\n  digest: 'old' # why\n", "image:\n  digest: 'new' # why\n"),
        ('image:\n  digest: "old" # why\n', 'image:\n  digest: "new" # why\n'),
        ("image: {digest: old, tag: x} # why\n", "image: {digest: new, tag: x} # why\n"),
        ('{"image": {"digest": "old"}}', '{"image": {"digest": "new"}}'),
        ("image:\n  digest: # why\n", 'image:\n  digest: "new" # why\n'),
        ("image:\n  digest:", 'image:\n  digest: "new"'),
        ("image: {digest: , tag: x}\n", 'image: {digest: "new", tag: x}\n'),
        ("image:\n  digest: ~\n", "image:\n  digest: new\n"),
        ("image:\n  digest: ''\n", "image:\n  digest: 'new'\n"),
        ("image:\n  digest:\n    old\n", "image:\n  digest:\n    new\n"),
        ("image:\n  ? digest\n  : old\n", "image:\n  ? digest\n  : new\n"),
        ("image:\n  digest: old\t# tab\n", "image:\n  digest: new\t# tab\n"),
        ("image:\t{digest: old}\n", "image:\t{digest: new}\n"),
        ("\ufeffimage:\n  digest: old\n", "\ufeffimage:\n  digest: new\n"),
        ("# 😀\nimage: {a: 😀, digest: old}\n", "# 😀\nimage: {a: 😀, digest: new}\n"),
        ("a: 1\r\nimage:\r\n  digest: old\r\n", "a: 1\r\nimage:\r\n  digest: new\r\n"),
        ("a: 1\rimage:\r  digest: old\r", "a: 1\rimage:\r  digest: new\r"),
        ("image: {digest: old}\nx: &a 1\ny: *a\n", "image: {digest: new}\nx: &a 1\ny: *a\n"),
        # Anchors that nothing uses, and merge keys that bring in something else, or what a later line replaces.
        ("image:\n  digest: &d old # c\n", "image:\n  digest: &d new # c\n"),
        ("image:\n  digest: &d 'old'\n", "image:\n  digest: &d 'new'\n"),
        ("image: &i\n    digest: old\n", "image: &i\n    digest: new\n"),
        ("image: &i\n    tag: x\n", 'image: &i\n    tag: x\n    digest: "new"\n'),
        ("image: &i\n    a:\n      b: 1\n", 'image: &i\n    digest: "new"\n    a:\n      b: 1\n'),
        ("image: &i {}\n", 'image: &i {digest: "new"}\n'),
        ("x: &b {y: 1}\nimage:\n  <<: *b\n  digest: old\n", "x: &b {y: 1}\nimage:\n  <<: *b\n  digest: new\n"),
        ("x: &b {y: 1}\nimage:\n  digest: old\n  <<: *b\n", "x: &b {y: 1}\nimage:\n  digest: new\n  <<: *b\n"),
        ("x: &b {digest: z}\nimage: {<<: *b, digest: old}\n", "x: &b {digest: z}\nimage: {<<: *b, digest: new}\n"),
        ("image: {digest: old}\nx: !mine {y: 1}\n", "image: {digest: new}\nx: !mine {y: 1}\n"),
        ("%YAML 1.2\n--- # one\nimage: {digest: old}\n...\n", "%YAML 1.2\n--- # one\nimage: {digest: new}\n...\n"),
    ],
)
def test_the_value_alone_changes(source: str, result: str) -> None:
    assert edited(source) == result
    assert edited(result) == result


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("image:\n  digest: &d old\nother: *d\nmore: [1, *d]\n", "the anchor on line 2 feeds other and more.1,"),
        ("image:\n  digest: !!str old\n", "line 2 has a tag"),
        ("image:\n  digest: &d !!str old\n", "line 2 has a tag"),
        ("x: &d old\nimage:\n  digest: *d\n", "it is an alias of x on line 1"),
        ("image: &i\n  digest: old\nother: *i\n", "the anchor on line 1 feeds other,"),
        ("image: &i {digest: old}\nother: {<<: *i}\n", "the anchor on line 1 feeds other.<<,"),
        ("other: &i {digest: old}\nimage: *i\n", "it is an alias of other on line 1"),
        ("--- &all\nimage: {digest: old}\nother: {x: *all}\n", "the anchor on line 1 feeds other.x,"),
        ("--- !!map\nimage: {digest: old}\n", "line 1 has a tag"),
        ("x: &b {digest: old}\nimage:\n  <<: *b\n", "line 3, image.digest: the merge key `<<` brings in digest"),
        (
            "x: &b {digest: old}\nimage:\n  digest: old\n  <<: *b\n",
            "line 4, image.digest: the merge key `<<` brings in",
        ),
        ("x: &b {digest: old}\ny: &c {<<: *b}\nimage:\n  <<: [*c]\n", "the merge key `<<` brings in digest"),
        ("x: &b {image: {digest: old}}\n<<: *b\n", "the merge key `<<` brings in image"),
        ("image:\n  digest: |-\n    old\n", "over more than one line"),
        ("image:\n  digest: >-\n    old\n", "over more than one line"),
        ("image:\n  digest: old\n    er\n", "over more than one line"),
        ("image:\n  digest: 'old\n    er'\n", "over more than one line"),
        ("image:\n  digest: a\n  digest: b\n", "the key stands on lines 2 and 3"),
        ("image:\n  digest: a\nimage:\n  digest: b\n", "the key stands on lines 1 and 3"),
        ('image:\n  digest: a\n  "digest": b\n', "the key stands on lines 2 and 3"),
        ("image:\n  digest: {a: b}\n", "it holds a mapping, not a single value"),
        ("image:\n  digest: [a]\n", "it holds a list, not a single value"),
        ("image: nginx\n", "image holds a single value, so there is no image.digest"),
        ("- image\n", "the file holds a list, so there is no image"),
        ("image: {digest: old}\n---\nimage: {digest: old}\n", "line 2: it is not one document of YAML"),
        ("image: {digest: old\n", "it is not one document of YAML"),
        ("image:\n\tdigest: old\n", "line 2: it is not one document of YAML"),
        ("image: {digest: old} # \u2028 x\n", "it is not one document of YAML"),
        ("image: {digest: old} # \x07\n", "it has the character U+0007"),
        ("image: {digest: " + "[" * 100_000, "nesting"),
        ("image: {digest, tag: x}\n", "the edit cannot be made without changing more"),
    ],
)
def test_what_could_change_more_is_refused(source: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        edited(source)
    assert says in refused.value.what
    assert refused.value.fault == "chart"


def test_what_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(Refused, match=r"values.yaml, line 2: it is not UTF-8"):
        set_scalar("a: 1\nb: é\n".encode("latin-1"), ("a",), "2", name="values.yaml")


@pytest.mark.parametrize("key", ["on", "yes", "1", "1.5", "null", "2026-01-02"])
def test_a_key_that_yaml_reads_as_no_text_is_refused(key: str) -> None:
    with pytest.raises(Refused, match="YAML reads the key as no text"):
        set_scalar(f"{key}: old\n".encode(), (key,), "new")
    assert set_scalar(f'"{key}": old\n'.encode(), (key,), "new") == f'"{key}": new\n'.encode()


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("image:\n    tag: x # why\n    pull: y\n", 'image:\n    tag: x # why\n    digest: "new"\n    pull: y\n'),
        ("image:\r\n  tag: x\r\n", 'image:\r\n  tag: x\r\n  digest: "new"\r\n'),
        ("image:\r\n  tag: x", 'image:\r\n  tag: x\r\n  digest: "new"'),
        ("image:\n  pull: y\n  tag:\n", 'image:\n  pull: y\n  tag:\n  digest: "new"\n'),
        ("image: {tag: x, pull: y}\n", 'image: {tag: x, digest: "new", pull: y}\n'),
        ("image: {pull: y, tag: x}\n", 'image: {pull: y, tag: x, digest: "new"}\n'),
        ("image: {\n  tag: x, # why\n  pull: y,\n}\n", 'image: {\n  tag: x, digest: "new", # why\n  pull: y,\n}\n'),
        ("image: {}\n", 'image: {digest: "new"}\n'),
        ("image: { }\n", 'image: {digest: "new" }\n'),
        ("image:\n", 'image: {digest: "new"}\n'),
        ("image: # why\n", 'image: {digest: "new"} # why\n'),
        ("image:\n- tag: x\n", None),
        ("image:\n  tag:\n    - x\n", 'image:\n  digest: "new"\n  tag:\n    - x\n'),
        ("image:\n  pull: y\n  tag: |\n    x\nb: 1\n", 'image:\n  pull: y\n  digest: "new"\n  tag: |\n    x\nb: 1\n'),
        ("image:\n  pull: y\n  tag: &t x\nb: *t\n", 'image:\n  pull: y\n  digest: "new"\n  tag: &t x\nb: *t\n'),
        ("a: 1\n", 'a: 1\nimage:\n  digest: "new"\n'),
        ("a: 1\r\n", 'a: 1\r\nimage:\r\n  digest: "new"\r\n'),
        ("{a: 1}\n", '{a: 1, image: {digest: "new"}}\n'),
        ("# nothing yet\n", '# nothing yet\nimage:\n  digest: "new"\n'),
        ("", 'image:\n  digest: "new"\n'),
    ],
)
def test_a_missing_key_goes_after_its_sibling(source: str, result: str | None) -> None:
    if result is None:
        with pytest.raises(Refused, match="image holds a list"):
            edited(source, after="tag")
        return
    assert edited(source, after="tag") == result
    assert edited(result, after="tag") == result


def test_two_mappings_are_not_added() -> None:
    with pytest.raises(Refused, match=r"values.yaml, a.b.digest: a is missing"):
        edited("x: 1\n", "a.b.digest", name="values.yaml")


def test_an_item_is_not_added_to_a_list() -> None:
    for path in [("images", 1), ("images", 1, "digest")]:
        with pytest.raises(Refused, match=r"images.1 is missing"):
            set_scalar(b"images: [a]\n", path, "new")


def test_quotes_are_added_when_asked_for() -> None:
    assert edited("image: {digest: new}", quoted=True) == 'image: {digest: "new"}'
    assert edited("image: {digest: 'new'}", quoted=True) == "image: {digest: 'new'}"


def test_a_number_becomes_text_and_a_boolean_stays_one() -> None:
    assert edited("image: {digest: 1.10}", value="1.10") == 'image: {digest: "1.10"}'
    assert edited("image: {digest: yes}", value=True) == "image: {digest: yes}"
    assert edited('image: {digest: "true"}', value=True) == "image: {digest: true}"


def test_a_line_break_is_no_value() -> None:
    with pytest.raises(Refused, match="cannot be written"):
        edited("image: {digest: old}", value="a\nb: c")


def test_null_is_as_good_as_absent() -> None:
    for source in (b"", b"a:", b"a: ~", b"b: 1"):
        assert (read(source, ("a",)), has(source, ("a",))) == (None, False)
    assert (read(b"a: ''", ("a",)), has(b"a: ''", ("a",))) == (None, True)
    assert has(b"a: {}", ("a",))


def test_helm_reads_each_value_as_the_text_that_was_set(tmp_path: Path) -> None:
    """Helm's YAML (go-yaml) takes more plain words for numbers, booleans and dates than PyYAML does."""
    words = (
        "y n on No TRUE ~ null Null .inf -.INF .NaN 1.10 1_000 0x1F 0o17 0O17 017 0b11 08 1e3 1E400 .5 5. +1 1e 12e3"
    )
    more = "2026-01-02 2026-1-2 2001-12-14t21:59:43.10-05:00 12:30:45 1:30 = << - ? : | > 123456789012 0x1.8p1 inf nan"
    dice = random.Random(0)  # noqa: S311
    drawn = ["".join(dice.choices("0123456789+-._:eExXoObByYnN", k=dice.randint(1, 6))) for _ in range(150)]
    texts = sorted(
        {*words.split(), *more.split(), *drawn, "", " ", "a: b", "a #b", "'", '"', "\\", "é😀", "%", "@", "`"}
    )
    keys = [
        (f"{quote}k{index}", text) for index, text in enumerate(texts) for quote in ("plain-", "single-", "double-")
    ]
    old = {"p": "old", "s": "'old'", "d": '"old"'}
    values = b"".join(set_scalar(f"{key}: {old[key[0]]}\n".encode(), (key,), text) for key, text in keys)
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: reads\nversion: 0.1.0\n")
    (chart / "values.yaml").write_bytes(values)
    (chart / "templates/all.yaml").write_text("kind: Said\nvalues: {{ .Values | toJson | quote }}\n")
    said = subprocess.run(["helm", "template", "x", chart], check=True, capture_output=True, text=True).stdout
    quoted = said.partition("values: ")[2].strip()
    assert json.loads(json.loads(quoted)) == dict(keys)


def test_helm_reads_what_stands_below_a_merge_key(tmp_path: Path) -> None:
    chart = tmp_path / "orders"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: orders\nversion: 0.1.0\n")
    (chart / "templates/a.yaml").write_text("a: {{ .Values.image.digest }} {{ .Values.image.size }}\n")
    values = b"x: &b {digest: other, size: 1}\nimage:\n  <<: *b\n  digest: old\n"
    (chart / "values.yaml").write_bytes(set_scalar(values, ("image", "digest"), "new"))
    assert (
        "a: new 1\n" in subprocess.run(["helm", "template", chart], capture_output=True, text=True, check=True).stdout
    )
