"""The images of a release by name: each is given once, and read back as it was written."""

import pytest

from scripts.errors import Refused
from scripts.image.by_name import given, read, written
from scripts.image.reference import Reference

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
WEB, WORKER = f"ghcr.io/acme/web@{A}", f"ghcr.io/acme/worker@{B}"


def test_each_name_gets_its_image_in_the_order_of_the_settings() -> None:
    found = given([f"worker=ghcr.io/acme/worker:1.2@{B}", WEB], ("orders", "worker"), "orders")
    assert list(found.items()) == [
        ("orders", Reference("ghcr.io/acme/web", A)),
        ("worker", Reference("ghcr.io/acme/worker", B)),
    ]
    assert found["worker"].tag == "1.2"
    assert given([f"orders={WEB}"], ("orders",), "orders") == given([WEB], ("orders",), "orders")


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([WEB], "No --image is given for worker and cron."),
        ([WEB, f"worker={WORKER}", f"corn={WORKER}", f"x={WORKER}"], "waybill.toml names no image corn and x."),
        ([WEB, f"orders={WEB}", f"worker={WORKER}", f"cron={WORKER}"], "given more than once for orders"),
    ],
)
def test_all_that_are_missing_unknown_or_given_twice_are_named(texts: list[str], says: str) -> None:
    with pytest.raises(Refused) as refused:
        given(texts, ("orders", "worker", "cron"), "orders")
    assert says in refused.value.what
    assert refused.value.remedy.endswith(
        "--image REPOSITORY@sha256:... --image worker=REPOSITORY@sha256:... --image cron=REPOSITORY@sha256:..."
    )


@pytest.mark.parametrize("text", ["worker=", "=", f"worker==ghcr.io/a@{B}", f"worker=x=ghcr.io/a@{B}"])
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        given([text], ("worker",), "orders")


@pytest.mark.parametrize(
    ("images", "text"),
    [
        ({"orders": WEB}, WEB),
        ({"web": WEB}, f"web={WEB}"),
        ({"orders": WEB, "worker": WORKER}, f"orders={WEB} worker={WORKER}"),
    ],
)
def test_what_is_written_is_read_back(images: dict[str, str], text: str) -> None:
    found = given([f"{name}={image}" for name, image in images.items()], tuple(images), "orders")
    assert written(found, "orders") == text
    assert read(text, "orders") == found


@pytest.mark.parametrize("text", ["", "ghcr.io/acme/web:1", f"{WEB},{WORKER}"])
def test_other_texts_name_no_image(text: str) -> None:
    assert read(text, "orders") == {}
