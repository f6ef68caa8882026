"""Every refusal of the release tool tells what happened, what to do and whose fault it is. Whether the tests come to
each of them is asked when all have run: tests/support/refusals.py."""

import ast
import re
from functools import cache
from typing import get_args

from scripts.errors import SUBJECT, Fault
from tests.support.refusals import CLASSES, calls, name_of

# A name or a path may come first; a cause in another program's words may come last, after a colon.
SENTENCE = re.compile(r"[A-Z`§'\"[-].*|(waybill|values|git|kustomize|service|forge)\b.*", re.DOTALL)


@cache
def made() -> dict[str, ast.Call]:
    """By place."""
    return {place: call for place, call in calls() if name_of(call) in CLASSES}


def said(node: ast.expr) -> str:
    """The text of a literal; `§` stands for what is filled in, and for a text that is put together elsewhere."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part) for part in node.values)
    if isinstance(node, ast.IfExp):
        return f"{said(node.body)} {said(node.orelse)}".rstrip()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return said(node.left) + said(node.right)
    return "§"


def test_what_happened_what_to_do_and_whose_fault() -> None:
    for place, call in made().items():
        what, remedy = (said(node) for node in call.args)
        faults = [keyword.value for keyword in call.keywords if keyword.arg == "fault"]
        assert SENTENCE.fullmatch(what), (place, what)
        assert what.endswith((".", ".§")) or re.search(r"(: |^)§$", what), (place, what)
        assert SENTENCE.fullmatch(remedy), (place, remedy)
        assert remedy.endswith((".", "§")), (place, remedy)
        assert [set(said(fault).split()) <= {*SUBJECT, "§"} for fault in faults] == [True], place


def test_every_fault_has_words() -> None:
    assert set(SUBJECT) == set(get_args(Fault))


def test_no_remedy_takes_anything_out_of_a_gitops_repo() -> None:
    """Flux uninstalls what a folder that it prunes no longer holds."""
    about = [
        place
        for place in made()
        if re.match(r"scripts/(connect|gitops|diff|proposal)/|scripts/(adopt|rollback)\.py", place)
    ]
    assert len(about) > 20
    for place in about:
        remedy = said(made()[place].args[1])
        assert not re.search(r"(?i)\b(remove|delete|git rm)\b", remedy), (place, remedy)
