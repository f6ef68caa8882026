"""The judge of what a plain scalar means is Helm itself, whose `fromYaml` is Kubernetes' own YAML library."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.yaml.objects import parse, read
from scripts.yaml.scalars import plain

# Every rule with the values at its edges.
KNOWN = """
1e5 0o17 017 1_000 .5 1. +1 08 0b11 12e03 y yes on n No OFF 2026-01-02 2026-01-02T03:04:05Z 22:30 = NaN Infinity 1e400
804e37797070 712025075496 00e000000012 -0b11 +0b1 0B11 0O17 0X1f 0x_1 1__0 _1 .1_0 ._1 .5e1_0 -.5 +.5 + . .. 0x 0b 0o 0
-0 00 0_0 18446744073709551615 18446744073709551616 -9223372036854775808 -9223372036854775809 +9223372036854775808
0xffffffffffffffff 0x1ffffffffffffffff 0777777777777777777777 1e-400 0x1p3 ~ null Null nULL true TRUE tRUE 1e 1e+ 1.e5
1_000.5 1_e5 0b2 0o8 1,000 09.5 0.1.2 1e5_0 .1e400 0b_1 1:2:3 <<x 123abc efbc18d20baa
"""
TEMPLATE = """\
kind: ConfigMap
metadata: {name: answers}
answers:
{{- range .Values.texts }}
- {{ printf "x: %s" . | fromYaml | toJson | quote }}
{{- end }}
"""


def helm_reads(texts: list[str], chart: Path) -> list[Any]:
    """What Helm makes of each; an exception's text where it reads none."""
    (chart / "templates").mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: answers\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text(json.dumps({"texts": texts}))
    (chart / "templates/answers.yaml").write_text(TEMPLATE)
    done = subprocess.run(["helm", "template", chart], capture_output=True, check=True)
    answers = parse(done.stdout)[0]["answers"]
    return [json.loads(answer).get("x", answer) if answer else "no JSON" for answer in answers]


def made(number: int) -> list[str]:
    draw = random.Random(number)  # noqa: S311
    alphabets = ["0123456789e", "0123456789eE_.+-", "01_xXoObBaf.-+", "0123456789"]
    return ["".join(draw.choices(draw.choice(alphabets), k=draw.randint(1, 21))) for _ in range(number)]


def test_every_scalar_is_what_helm_makes_of_it(tmp_path: Path) -> None:
    texts = [text for text in (*KNOWN.split(), *made(4000)) if text != "-"]
    for text, theirs in zip(texts, helm_reads(texts, tmp_path), strict=True):
        mine = plain(text)
        assert isinstance(mine, str) == isinstance(theirs, str), text
        assert mine == theirs or float(mine) == float(theirs), text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: '1'\nb: \"2\"\nc: !!str 3\nd: !!int '4'\ne: !mine 5\n", {"a": "1", "b": "2", "c": "3", "d": 4, "e": "5"}),
        ("on: 1\n12: 2\n1.50: 3\n", {"true": 1, "12": 2, "1.5": 3}),
        ("a: &a {b: 1, c: 2}\nd: {<<: *a, b: 3}\ne: {<<: [{b: 4}, *a]}\n", None),
    ],
)
def test_quotes_tags_keys_anchors_and_merges(text: str, value: Any) -> None:
    found = next(read(text.encode())).value
    assert found == (value or {"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}, "e": {"b": 4, "c": 2}})


@pytest.mark.parametrize("text", ["a: [", "? [1]\n: 2\n", "~: 1\n", "a: &a [*a]\n"])
def test_what_is_no_yaml_of_kubernetes_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(read(text.encode()))


def test_a_key_that_stands_twice_is_found_with_its_path_and_line() -> None:
    text = "a:\n  - b: 1\n    c: 2\n    'b': 3\n---\nd: {e: &x {f: 1, f: 2}, g: *x}\n"
    found = [(item.path, item.line) for document in read(text.encode()) for item in document.duplicates]
    assert found == [(("a", 0, "b"), 4), (("d", "e", "f"), 6)]


def test_a_merged_key_that_is_written_out_too_stands_once() -> None:
    assert next(read(b"a: &a {b: 1}\nc: {b: 2, <<: *a}\n")).duplicates == []
