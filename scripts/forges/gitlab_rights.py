"""What GitLab tells of a project and of the token's owner in it, before anything is pushed.

https://docs.gitlab.com/api/personal_access_tokens/#self-inform, https://docs.gitlab.com/user/permissions/
"""

import os
from collections.abc import Sequence

from msgspec import Struct

from ..errors import Refused
from .gitlab_branches import refuse_protected
from .rest import Rest

# https://docs.gitlab.com/security/tokens/#token-prefixes
NO_API = {"glcbt-": "a CI job's token", "gldt-": "a deploy token", "glptt-": "a trigger token"}
# With these alone nothing is written through the API: https://docs.gitlab.com/user/profile/personal_access_tokens/
READ_ONLY = {
    *("read_api", "read_user", "read_repository", "write_repository", "read_registry", "write_registry"),
    *("self_rotate", "create_runner", "manage_runner", "k8s_proxy", "ai_features"),
}
DEVELOPER = 30  # https://docs.gitlab.com/api/access_requests/#valid-access-levels
REMEDY = "Give WAYBILL_FORGE_TOKEN a project access token with the role Developer and the scope api"


class OwnToken(Struct):
    scopes: list[str]
    user_id: int


class Member(Struct):
    access_level: int


class Project(Struct):
    """A field that is left out says nothing."""

    archived: bool = False
    marked_for_deletion_on: str | None = None
    repository_access_level: str = ""
    merge_requests_access_level: str = ""
    can_create_merge_request_in: bool = True


def refuse_token(token: str | None) -> None:
    """Refuses one whose kind the API never takes."""
    kind = next((kind for prefix, kind in NO_API.items() if (token or "").startswith(prefix)), None)
    if token and token == os.environ.get("CI_JOB_TOKEN"):  # older ones have no prefix
        kind = NO_API["glcbt-"]
    if kind:
        raise Refused(
            f"WAYBILL_FORGE_TOKEN holds {kind}, with which GitLab lets nobody open merge requests.",
            f"{REMEDY}, as a masked variable of CI.",
            fault="you",
        )


def refuse_rights(forge: Rest, branches: Sequence[str]) -> None:
    """Refuses a project that takes nothing, and a token that may not push there, or not to one of `branches`; what
    GitLab does not tell is not claimed."""
    refuse_token(forge.token)
    project = forge.decode(forge.call("GET", ""), Project)
    if project.archived:
        raise forge.stopped("is archived, so nothing can be pushed to it", "Unarchive it there, or correct `gitops`")
    if project.marked_for_deletion_on:
        raise forge.stopped("is about to be deleted", "Restore it there, or correct `gitops`")
    if "disabled" in (project.repository_access_level, project.merge_requests_access_level):
        raise forge.stopped(
            "has its repository or merge requests turned off", "Turn them on in its settings, or correct `gitops`"
        )
    if forge.token:
        _refuse_owner(forge, project, branches)


def _refuse_owner(forge: Rest, project: Project, branches: Sequence[str]) -> None:
    # A token of OAuth is not told of here.
    answer = forge.call("GET", "", url=f"{forge.api}/personal_access_tokens/self", refused=(400, 401, 403, 404))
    if not answer.ok:
        return
    token = forge.decode(answer, OwnToken)
    if {*token.scopes} <= READ_ONLY:
        scopes = ", ".join(token.scopes) or "none"
        raise forge.stopped(f"takes no merge request of a token with the scopes {scopes}", REMEDY)
    answer = forge.call("GET", f"/members/all/{token.user_id}", refused=(403, 404))
    level = forge.decode(answer, Member).access_level if answer.ok else None
    if (level is not None and level < DEVELOPER) or not project.can_create_merge_request_in:
        raise forge.stopped("lets the owner of WAYBILL_FORGE_TOKEN read, and not push", REMEDY)
    refuse_protected(forge, branches, token.user_id, level)
