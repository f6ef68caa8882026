"""Helm keeps a release in one Secret of at most 1 MiB: base64 of gzip of its JSON.

Sizes that Helm's own code made of charts of these kinds differed from these by -3 % (words) to +0.7 % (random bytes).
"""

import io
import json
import random
import tarfile
from pathlib import Path
from zlib import compress

from scripts.chart.files import of_archive, of_folder
from scripts.chart.record import judged, size_of

CHART = {"Chart.yaml": b"apiVersion: v2\nname: orders\nversion: 1.0.0\n", "values.yaml": b"a: 1\n"}


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311


def test_a_file_that_does_not_compress_is_refused_with_the_largest_named() -> None:
    files = {**CHART, "files/model.bin": noise(800_000), "files/logo.png": noise(20_000), "README.md": b"x"}
    [finding], warnings = judged(files, b"")
    assert warnings == []
    assert "1,048,576" in finding.what
    assert finding.what.index("files/model.bin (800,000)") < finding.what.index("files/logo.png (20,000)")
    assert ".helmignore" in finding.remedy


def test_below_the_limit_it_is_told_within_five_percent_and_not_before() -> None:
    findings, [warning] = judged({**CHART, "files/model.bin": noise(770_000)}, b"")
    assert findings == []
    assert "files/model.bin" in warning
    assert judged({**CHART, "files/model.bin": noise(700_000)}, b"") == ([], [])


def test_what_counts() -> None:
    """Files, templates, crds/, the values that are given, and those of other charts, but no file of theirs."""
    objects, more = noise(400_000).hex().encode(), noise(40_000)
    base = size_of(CHART, objects)
    for path in ("files/a", "templates/a.yaml", "crds/a.yaml", "README.md", "values.schema.json", "requirements.yaml"):
        assert size_of({**CHART, path: more}, objects) > base + 50_000, path
    assert size_of({**CHART, "charts/lib/values.yaml": b"a: " + more.hex().encode()}, objects) > base + 50_000
    assert size_of(CHART, objects, {"a": more.hex()}) > base + 50_000
    assert size_of({**CHART, "charts/lib/files/a": more}, objects) < base + 100


def test_the_size_is_that_of_the_packed_json(tmp_path: Path) -> None:
    words = json.dumps([noise(number).hex() for number in range(1, 900)]).encode()
    size = size_of({**CHART, "files/words.json": words}, b"")
    whole = len(compress(words, 9)) * 4 // 3
    assert whole < size < 2 * whole
    for path in ("a.yaml", "charts/b.tgz"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"no archive")
    assert of_folder(tmp_path) == {"a.yaml": b"no archive", "charts/b.tgz": b"no archive"}
    assert of_archive(b"no archive") == {}
    bomb = io.BytesIO()
    with tarfile.open(fileobj=bomb, mode="w:gz", compresslevel=1) as tar:
        member = tarfile.TarInfo("redis/Chart.yaml")
        member.size = 101 << 20
        tar.addfile(member, io.BytesIO(bytes(member.size)))
    assert of_archive(bomb.getvalue()) == {}
