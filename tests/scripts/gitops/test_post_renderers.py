"""The digest of an image is set in an environment's HelmRelease, and what a list of the base has is not lost."""

from typing import Any

import pytest
import yaml

from scripts.config import Config
from scripts.errors import Refused
from tests.support.gitops_repo import config, render_all, waybill

RELEASE, BASE = "apps/orders/staging/release.yaml", "apps/orders/base/helmrelease.yaml"
NAME, DIGEST, OTHER = "ghcr.io/acme/orders", f"sha256:{'d' * 64}", f"sha256:{'e' * 64}"
THEIRS = "  postRenderers: [{kustomize: {patches: [{patch: 'x'}]}}]\n"
PATCH = {"kustomize": {"patches": [{"patch": "x"}]}}


def settings(name: str = NAME, **more: Any) -> Config:
    return config("/gitops", image_keys={"post_render": name}, **more)


def shipped(files: dict[str, bytes] | None = None, *, digest: str = "d", name: str = NAME) -> dict[str, bytes]:
    return render_all(files or {}, waybill(digest=digest), settings(name))


def pins(files: dict[str, bytes]) -> list[Any]:
    renderers = yaml.safe_load(files[RELEASE])["spec"]["postRenderers"]
    return [image for it in renderers for image in it["kustomize"].get("images", [])]


@pytest.mark.parametrize("source", ["helm-repository", "oci-repository"])
def test_the_first_release_pins_it_and_the_next_changes_one_line(source: str) -> None:
    first = render_all({}, waybill(), settings(flux_source=source))
    assert pins(first) == [{"name": NAME, "digest": DIGEST}]
    assert b"postRenderers" not in first[BASE]
    second = render_all(first, waybill(digest="e"), settings(flux_source=source))
    changed = [
        (old, new)
        for old, new in zip(first[RELEASE].splitlines(), second[RELEASE].splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == 2  # the annotation and the pin
    assert pins(second) == [{"name": NAME, "digest": OTHER}]
    assert render_all(second, waybill(digest="e"), settings(flux_source=source)) == second


def test_another_repository_gets_its_name() -> None:
    first = shipped(name="orders")
    assert pins(first) == [{"name": "orders", "newName": NAME, "digest": DIGEST}]
    assert pins(shipped(first, digest="e", name="orders"))[0]["digest"] == OTHER


def test_what_the_base_has_is_copied_with_the_first_pin() -> None:
    files = render_all({}, waybill(), config("/gitops"))
    files[BASE] += THEIRS.encode()
    after = shipped(files)
    assert yaml.safe_load(after[RELEASE])["spec"]["postRenderers"][1:] == [PATCH]
    assert pins(after) == [{"name": NAME, "digest": DIGEST}]
    assert after[BASE] == files[BASE]
    assert shipped(after, digest="e")[RELEASE].count(b"patch") == after[RELEASE].count(b"patch")


def test_a_list_that_hides_the_bases_is_refused() -> None:
    files = shipped()
    files[BASE] += THEIRS.encode()
    with pytest.raises(Refused) as refused:
        shipped(files)
    assert "takes the place of the one in apps/orders/base/" in refused.value.what
    assert refused.value.fault == "gitops"


def test_a_persons_own_list_stays_and_gets_the_pin() -> None:
    files = render_all({}, waybill(), config("/gitops"))
    files[RELEASE] += THEIRS.encode()
    after = shipped(files)
    assert yaml.safe_load(after[RELEASE])["spec"]["postRenderers"][1:] == [PATCH]
    assert pins(after) == [{"name": NAME, "digest": DIGEST}]


@pytest.mark.parametrize("theirs", [[None], ["x"], "x", [{"kustomize": "x"}], [{"kustomize": {"images": "x"}}]])
@pytest.mark.parametrize("path", [RELEASE, BASE])
def test_what_is_no_list_of_post_renderers_is_refused_or_left_for_the_build(path: str, theirs: Any) -> None:
    first = shipped()
    release = yaml.safe_load(first[path])
    release["spec"]["postRenderers"] = theirs
    try:
        after = shipped({**first, path: yaml.safe_dump(release).encode()}, digest="e")
    except Refused:
        return
    assert OTHER.encode() in after[RELEASE]
