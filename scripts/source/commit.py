"""The commit that holds what a release ships: bump builds it, package reads it, publish puts the tag on it."""

from msgspec import UNSET

from ..clients.git import Git
from ..document import Waybill
from ..errors import Refused


def release_commit(waybill: Waybill, git: Git) -> tuple[str, str]:
    """Its id and the tag that reserves the version; refused where bump did not run or git dropped the commit."""
    commit, tag = waybill.source.release_commit, waybill.source.tag
    if commit is UNSET or tag is UNSET or git.commit(commit) is None:
        raise Refused(
            f"The release commit of {waybill.service} is not in this clone.",
            f"Run `waybill bump --image {waybill.image.repository}@{waybill.image.digest}` first: it builds it, always "
            "the same.",
            fault="you",
        )
    return commit, tag
