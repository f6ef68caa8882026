"""Comparisons in a source that do not take constant time."""

import ast

SECRET = {"sha256", "signature", "signatures", "given", "secret", "token", "key", "password", "shown"}


def compared(source: str) -> list[str]:
    """Every comparison by == or != of something that is named like a secret or its hash."""
    return [
        ast.unparse(it)
        for it in ast.walk(ast.parse(source))
        if isinstance(it, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in it.ops)
        and {_last(side) for side in (it.left, *it.comparators)} & SECRET
    ]


def _last(side: ast.expr) -> str:
    return getattr(side, "attr", None) or getattr(side, "id", "")
