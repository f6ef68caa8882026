"""Whether GitLab's protected branches let a branch be pushed to, as it tells before anything is pushed.

https://docs.gitlab.com/api/protected_branches/, https://docs.gitlab.com/api/branches/#get-single-repository-branch,
https://docs.gitlab.com/user/project/repository/branches/protected/
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from ..errors import Refused
from .rest import Rest

REMEDY = "Allow it there (Settings, Repository, Protected branches)"


class Access(Struct):
    """Who may: one user, one group, one deploy key, or all whose access in the project is at least this high; 0 says
    nobody."""

    access_level: int | None = None
    user_id: int | None = None
    group_id: int | None = None
    deploy_key_id: int | None = None


class Rule(Struct):
    """`name` may have wildcards."""

    name: str
    push_access_levels: list[Access] = []
    allow_force_push: bool = False


class Branch(Struct):
    can_push: bool = True


def refuse_protected(forge: Rest, branches: Sequence[str], user: int, level: int | None) -> None:
    """`level` is the access of the token's owner `user`, None where it is not known; with a remote over ssh git pushes
    as somebody else."""
    # Older ones tell it to maintainers alone.
    rules = list(forge.walk("/protected_branches", {"per_page": "100"}, Rule, absent=(401, 403, 404)))
    for branch in branches:
        mine = [rule for rule in rules if re.fullmatch(".*".join(map(re.escape, rule.name.split("*"))), branch)]
        known = forge.lends and level is not None
        may = not mine or any(_may(access, user, level) for rule in mine for access in rule.push_access_levels)
        if forge.lends and not rules:
            answer = forge.call("GET", f"/repository/branches/{quote(branch, safe='')}", refused=(403, 404))
            may, known = not answer.ok or forge.decode(answer, Branch).can_push, True
        if known and not may:
            raise _stopped(forge, branch, mine, "lets the owner of WAYBILL_FORGE_TOKEN not push to it")
        if mine and not any(rule.allow_force_push for rule in mine):
            raise _stopped(forge, branch, mine, "allows no force push, by which a later release replaces what it has")


def _may(access: Access, user: int, level: int | None) -> bool:
    """Who belongs to a group is not looked up."""
    if access.user_id or access.group_id or access.deploy_key_id:
        return access.user_id == user or bool(access.group_id)
    return 0 < (access.access_level or 0) <= (level or 0)


def _stopped(forge: Rest, branch: str, rules: Sequence[Rule], what: str) -> Refused:
    named = f" as {' and '.join(rule.name for rule in rules)}" if rules else ""
    return forge.stopped(f"protects {branch}{named}, and {what}", REMEDY)
