"""An atheris target: whatever the file, an edit is refused or changes one place. Run by test_fuzz.py, or by itself:
`python -m tests.fuzz.yaml_edit_target -max_total_time=90 FOLDER`; the arguments are libFuzzer's."""

import sys

import atheris

with atheris.instrument_imports(include=["scripts", "yaml"]):
    from scripts.errors import Refused
    from scripts.yaml.edit import has, read, set_scalar

VALUES: list[str | bool] = ["sha256:" + "0" * 64, "1.10", "yes", "", "a: b # c", "'\"\\", "é😀", True, False]
PATHS: list[tuple[str | int, ...]] = [("a",), ("a", "b"), ("b",), ("a", 0), ("a", 0, "b"), ("new",), ("a", "new", "b")]


def one(data: bytes) -> None:
    """The first three bytes choose the edit, the rest is the file."""
    if len(data) < 3:
        return
    path, value = PATHS[data[0] % len(PATHS)], VALUES[data[1] % len(VALUES)]
    quoted, after = bool(data[2] & 1), [None, "a", "b"][data[2] % 3]
    source = data[3:]
    try:
        edited = set_scalar(source, path, value, quoted=quoted, after=after)
    except Refused:
        return
    as_text = str(value).lower() if isinstance(value, bool) else value
    there = read(edited, path) or ""
    assert there == as_text or (isinstance(value, bool) and edited == source), (source, edited)
    assert has(edited, path), (source, edited)
    assert set_scalar(edited, path, value, quoted=quoted, after=after) == edited, (source, edited)
    assert edited == source or one_place_differs(source, edited), (source, edited)


def one_place_differs(before: bytes, after: bytes) -> bool:
    """Whether what lies between the common start and end is no more than one line of `before`."""
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    left = len(before) - start
    end = next((i for i in range(min(left, len(after) - start)) if before[-1 - i] != after[-1 - i]), left)
    return b"\n" not in before[start : len(before) - end]


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
