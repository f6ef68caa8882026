"""The files that init writes. What it could not know stands in lines with TODO, as comments, so that each is valid."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .surroundings import Surroundings
from .trial import ImageKeys

TODO = "# TODO "
EXAMPLES = {
    "registry": ('"oci://{host}/{owner}/charts"', "where charts are pushed"),
    "gitops": ('"https://{forge}/{owner}/fleet"', "the repository that Flux applies"),
    "environments": ('["staging", "production"]', "in the order of promotion"),
    "ledger": ('"https://waybill.example.org"', "leave it out to file nothing"),
}


def settings(chart: str, found: ImageKeys | None, why: str, known: Mapping[str, Any], place: Surroundings) -> str:
    """waybill.toml; `known` are settings that were given."""
    lines = ["# Written by `waybill init`; `waybill doctor` looks whether it is right."]
    if chart != "chart":
        lines.append(f"chart = {json.dumps(chart)}")
    forge = place.address.partition("://")[2].partition("/")[0] or "github.com"
    host = "registry.gitlab.com" if place.forge == "gitlab" else "ghcr.io"
    examples = {key: it for key, it in EXAMPLES.items() if key != "gitops" or "artifact" not in known}
    lines += [f"{key} = {json.dumps(known[key])}" for key in known if key not in EXAMPLES]
    for key, (example, about) in examples.items():
        shown = example.format(host=host, owner=place.owner or "acme", forge=forge)
        if key in known:
            lines.append(f"{key} = {json.dumps(known[key])}")
        else:
            lines.append(f"{TODO}{key} = {shown}  # {about}")
    if found is None:
        return "\n".join([*lines, "", *_left_open(why), ""])
    if found.values:
        lines.append(f"values = {json.dumps(found.values)}  # without which the chart does not render")
    if not found.app_version:
        lines.append("app_version = false  # the chart reads appVersion, which would be the commit")
    image = found.repository or "its image"
    about = (
        "No key of values.yaml sets {}, so Flux does, after rendering" if found.pinned else "Where the chart names {}"
    )
    lines += ["", f"# {about.format(image)}: with another digest, its containers run that."]
    for table in found.tables:
        lines.append("[image]" if len(found.tables) == 1 else "[[image]]")
        lines += [f"{key} = {_path(value)}" for key, value in table.items()]
    if found.others:
        lines.append(
            "# Its values also name images that are not released. Those that you build want a block of their own:"
        )
        lines += [f"#   {it}" for it in found.others]
    return "\n".join([*lines, ""])


def _left_open(why: str) -> Sequence[str]:
    said = " ".join(why.split())[:300]
    return [
        f"# No keys of values.yaml were found that name the image: {said}.",
        f'{TODO}[image]\n# repository = "image.repository"\n# digest = "image.digest"',
    ]


def _path(path: str | Sequence[str | int]) -> str:
    if isinstance(path, str):
        return json.dumps(path)
    if all(isinstance(key, int) or (re.fullmatch(r"[^.]+", key) and not re.fullmatch("[0-9]+", key)) for key in path):
        return json.dumps(".".join(map(str, path)))
    return json.dumps(list(path))


GITHUB = """\
# Written by `waybill init`: releases an image that another job built and pushed. Let that job end with
#   ship:
#     needs: image
#     permissions: {contents: write, packages: write}
#     uses: ./.github/workflows/ship.yml
#     with:
#       image: REPOSITORY@${{ needs.image.outputs.digest }}
#     secrets: inherit
# The repository needs the secrets FLEET_TOKEN (may push branches and open pull requests in the GitOps repo) and, with a
# ledger, WAYBILL_LEDGER_TOKEN.
name: Ship
on:
  workflow_call:
    inputs:
      image:
        description: REPOSITORY@sha256:...
        required: true
        type: string
  workflow_dispatch:
    inputs:
      image:
        description: REPOSITORY@sha256:...
        required: true
        type: string
permissions: {}
jobs:
  ship:
    runs-on: ubuntu-24.04
    concurrency: release-SERVICE
    permissions:
      contents: write # the tag that reserves the version
      packages: write # the chart
    steps:
      - uses: actions/checkout@v7
        with:
          fetch-depth: 0
      - name: Log in to the registry of the chart
        env:
          TOKEN: ${{ github.token }}
        run: echo "$TOKEN" | docker login HOST --username "$GITHUB_ACTOR" --password-stdin
      - uses: waybill-ledger/waybill/.github/actions/ship@v1
        with:
          image: ${{ inputs.image }}
CONFIG          forge-token: ${{ secrets.FLEET_TOKEN }}
          ledger-token: ${{ secrets.WAYBILL_LEDGER_TOKEN }}
"""
GITLAB = """\
# Written by `waybill init`: releases an image that the job `image` built and pushed. In .gitlab-ci.yml:
#   include: [{local: .gitlab/ship.yml}]
# and let that job leave its DIGEST (sha256:...) in `artifacts: {reports: {dotenv: ...}}`. The project needs the
# variables WAYBILL_FORGE_TOKEN (may push branches and open merge requests in the GitOps repo) and, with a ledger,
# WAYBILL_LEDGER_TOKEN; and its jobs the right to push tags: Settings, CI/CD, Job token permissions.
include:
  - remote: https://raw.githubusercontent.com/waybill-ledger/waybill/v1/docs/ci/gitlab.yml
NAME:
  extends: .waybill-ship
  needs: [image]
  variables:
    WAYBILL_SHIP_IMAGE: "$CI_REGISTRY_IMAGE@$DIGEST"
FLAG"""


def job(ci: str, service: str, registry: str | None, settings: str) -> tuple[str, str] | None:
    """Path and text of the CI job, for the waybill.toml at `settings`; None for a CI that is not known."""
    host = (registry or "oci://ghcr.io").removeprefix("oci://").partition("/")[0]
    alone = settings == "waybill.toml"
    name = "ship" if alone else f"ship-{service}"
    more = {
        "CONFIG": "" if alone else f"          config: {settings}\n",
        "FLAG": "" if alone else f"    WAYBILL_SHIP_CONFIG: {settings}\n",
        "NAME": name,
        "SERVICE": service,
        "HOST": host,
        "/ship.yml": f"/{name}.yml",
    }
    texts = {"github": (f".github/workflows/{name}.yml", GITHUB), "gitlab": (f".gitlab/{name}.yml", GITLAB)}
    if ci not in texts:
        return None
    path, text = texts[ci]
    for word, said in more.items():
        text = text.replace(word, said)
    return path, text
