"""The text of a tag key: what the settings say, and always a tag that registries take."""

import pytest

from scripts.errors import Refused
from scripts.image.reference import parse
from scripts.image.tag import tag_of

IMAGE, COMMIT = parse(f"a.example:5000/orders:v7@sha256:{'a' * 64}"), "0123456789ab" + "c" * 28


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("{commit}", "0123456789ab"),
        ("{version}", "1.4.2-rc.1"),
        ("{tag}", "v7"),
        ("v{version}_{commit}-{tag}", "v1.4.2-rc.1_0123456789ab-v7"),
        ("stable", "stable"),
    ],
)
def test_its_parts_are_filled_in(text: str, tag: str) -> None:
    assert tag_of(text, IMAGE, COMMIT, "1.4.2-rc.1") == tag


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{digest}", "{digest}, which Waybill does not know"),
        ("{Commit}-{commit}", "{Commit}"),
        ("", "no tag of an image"),
        ("a b", "no tag of an image"),
        ("{commit", "no tag of an image"),
        (".{tag}", "no tag of an image"),
        ("x" * 129, "no tag of an image"),
        ("v{version}+{tag}", "no tag of an image"),
    ],
)
def test_other_texts_are_refused(text: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        tag_of(text, IMAGE, COMMIT, "1.4.2")
    assert says in refused.value.what


def test_an_image_without_a_tag_where_the_text_wants_it() -> None:
    with pytest.raises(Refused, match="has no tag"):
        tag_of("{tag}", parse(f"orders@sha256:{'a' * 64}"), COMMIT, "1.4.2")
