"""Both images are pushed, under their commit and the version of a release, and named by digest to the workflow.

buildah and the registry are stand-ins here: `make image` and `make e2e` use the real ones.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.image import __main__ as image
from tools.image.build import BASE_NAME, REVISION, pinned_base
from tools.image.buildah import BuildahError
from tools.release import CHECKOUT

COMMIT = "0123456789abcdef"


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """`IMAGE REPOSITORY:TAG` of each push; the n-th has the digest n."""
    found: list[str] = []

    def buildah(*words: Any) -> str:
        found.append(f"{words[-2]} {words[-1].removeprefix('docker://')}")
        (tmp_path / "digest").write_text(f"sha256:{len(found)}\n")
        return ""

    labels = {REVISION: COMMIT, BASE_NAME: pinned_base()}
    monkeypatch.setattr(image, "STORE", tmp_path)
    monkeypatch.setattr(image, "buildah", buildah)
    monkeypatch.setattr(image, "inspect", lambda name: {"config": {"Labels": labels}})
    return found


@pytest.mark.parametrize(("version", "tags"), [("", [COMMIT[:12]]), ("1.2.3", [COMMIT[:12], "1.2.3"])])
def test_both_have_the_tags_and_the_workflow_their_digests(
    pushed: list[str], tmp_path: Path, version: str, tags: list[str]
) -> None:
    output = tmp_path / "output"
    image.publish("ghcr.io/acme/waybill", output, version)
    ledger = [f"localhost/waybill ghcr.io/acme/waybill:{tag}" for tag in tags]
    tool = [f"localhost/waybill-tool ghcr.io/acme/waybill-tool:{tag}" for tag in tags]
    assert pushed == ledger + tool
    assert output.read_text().splitlines() == [
        "repository=ghcr.io/acme/waybill",
        f"digest=sha256:{len(tags)}",
        "tool-repository=ghcr.io/acme/waybill-tool",
        f"tool-digest=sha256:{2 * len(tags)}",
    ]


def test_whoever_uses_the_tools_image_names_a_tag_that_is_pushed() -> None:
    """No tag moves, so without one there is no image."""
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    for page in ("README.md", "docs/ci/gitlab.yml"):
        assert set(re.findall(r"waybill-ledger/waybill-tool\S*?(?=[`\s])", (CHECKOUT / page).read_text())) == {
            f"waybill-ledger/waybill-tool:{version}"
        }


def test_an_image_on_another_base_is_published_nowhere(pushed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {REVISION: COMMIT, BASE_NAME: "localhost/debian"}
    monkeypatch.setattr(image, "inspect", lambda name: {"config": {"Labels": labels}})
    with pytest.raises(BuildahError, match="only an image on the Containerfile's base is published"):
        image.push("localhost/waybill", "ghcr.io/acme/waybill")
    assert pushed == []
