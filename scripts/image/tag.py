"""The text that a tag key of values.yaml gets. The digest decides what runs: the tag is for people, and for charts that
read a version in it."""

import re

from ..errors import Refused
from .reference import Reference

PARTS = ("{commit}", "{version}", "{tag}")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)  # github.com/distribution/reference


def tag_of(text: str, image: Reference, commit: str, version: str) -> str:
    """The setting `tag_text`, filled in; refused where the result is no tag of an image."""
    if unknown := re.findall(r"\{[^{}]*\}", re.sub("|".join(map(re.escape, PARTS)), "", text)):
        raise Refused(
            f"`tag_text` holds {' and '.join(unknown)}, which Waybill does not know.",
            f"It knows {', '.join(PARTS)}.",
            fault="you",
        )
    if "{tag}" in text and not image.tag:
        raise Refused(
            f'`tag_text` is "{text}", and --image {image} has no tag.',
            "Give it as REPOSITORY:TAG@sha256:..., or set another `tag_text` in waybill.toml.",
            fault="you",
        )
    found = text.replace("{commit}", commit[:12]).replace("{version}", version).replace("{tag}", image.tag)
    if not _TAG.fullmatch(found):
        raise Refused(
            f'`tag_text` makes "{found}", which is no tag of an image.',
            "A tag has letters, digits, `_`, `.` and `-`, begins with none of the last two, and has at most 128.",
            fault="you",
        )
    return found
