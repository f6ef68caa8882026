"""A key is added to a table of a TOML file, and every byte that was there stays; the oracle is Python's own reader."""

import tomllib

import pytest

from scripts.errors import Refused
from scripts.toml import with_key

TABLE = ("environment", "staging")
ADDED = 'helmrelease = "a/b.yaml#c"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"\n[environment.staging]\n{ADDED}\n"),
        ('a = "b"', f'a = "b"\n\n[environment.staging]\n{ADDED}\n'),
        ('# ours\na = "b"\n', f'# ours\na = "b"\n\n[environment.staging]\n{ADDED}\n'),
        ('a = "b"\r\n', f'a = "b"\r\n\r\n[environment.staging]\r\n{ADDED}\r\n'),
        ("[environment.staging]", f"[environment.staging]\n{ADDED}"),
        (
            '[environment.staging] # x\nmerge = "auto"\n[image]\n',
            f'[environment.staging] # x\n{ADDED}\nmerge = "auto"\n[image]\n',
        ),
        ('[ environment . "staging" ]\r\nb = 1\r\n', f'[ environment . "staging" ]\r\n{ADDED}\r\nb = 1\r\n'),
        ("[environment.staging2]\n", f"[environment.staging2]\n\n[environment.staging]\n{ADDED}\n"),
        ("[[image]]\na = 1\n", f"[[image]]\na = 1\n\n[environment.staging]\n{ADDED}\n"),
    ],
)
def test_one_line_or_one_table_is_new(before: str, after: str) -> None:
    edited = with_key(before.encode(), TABLE, "helmrelease", "a/b.yaml#c", name="waybill.toml").decode()
    assert edited == after
    assert tomllib.loads(edited)["environment"]["staging"]["helmrelease"] == "a/b.yaml#c"
    assert with_key(edited.encode(), TABLE, "helmrelease", "a/b.yaml#c", name="waybill.toml").decode() == edited


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ('environment = {staging = {merge = "auto"}}\n', "cannot be added to waybill.toml without changing more"),
        ('environment.staging.merge = "auto"\n', "cannot be added to waybill.toml without changing more"),
        ('text = """\n[environment.staging]\n"""\n', "cannot be added to waybill.toml without changing more"),
        ('[environment.staging]\nhelmrelease = "other.yaml"\n', "says helmrelease = 'other.yaml'"),
        ("a = [\n", "waybill.toml cannot be read"),
    ],
)
def test_what_cannot_be_added_alone_is_refused(before: str, said: str) -> None:
    with pytest.raises(Refused, match=said.replace("[", r"\[")) as error:
        with_key(before.encode(), TABLE, "helmrelease", "a.yaml", name="waybill.toml")
    assert error.value.fault == "you"
