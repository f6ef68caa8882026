"""The fuzz targets find nothing: for some seconds in every run, for 90 s under WAYBILL_TORTURE=1."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="atheris has no wheel for this Python or system")

TOP = Path(__file__).resolve().parents[2]
SECONDS = 90 if os.environ.get("WAYBILL_TORTURE") else 2
SEEDS = [
    "a: old # why\nb: 'old'\n",
    'a:\n  b: "old"\n  new: {b: }\n',
    "a: {b: old, c: [1, 2]}\r\nb: &x 1\r\nd: *x\r\n",
    "a:\n- b: 1.10\n- |-\n  text\nc: {<<: *c}\n",
    "\ufeff--- # 😀\na: [é, !!str b]\n...\n",
    "a: []\n",
    "? a\n: # tab\t\n  b\n",
]


@pytest.mark.long
@pytest.mark.torture
def test_no_file_makes_an_edit_crash_or_change_two_places(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number, (seed, path) in enumerate(product(SEEDS, range(7))):
        (seeds / str(number)).write_bytes(bytes([path, number, number]) + seed.encode())
    words = tmp_path / "words"
    words.write_text(
        "\n".join(f'"{word}"' for word in ["a: ", "- ", "{", "}", "&x ", "*x", "|\\x0a", "\\x0a  ", " #", "<<"])
    )
    options = [
        f"-max_total_time={SECONDS}",
        f"-dict={words}",
        f"-artifact_prefix={tmp_path}/",
        "-seed=1",
        "-max_len=400",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.yaml_edit_target", *options, seeds],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert "DONE" in ran.stderr
