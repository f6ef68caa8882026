"""init: looks at a service's repository, and writes its waybill.toml and its CI job where there are none."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from ..clients.git import Git
from ..clients.git_version import refuse_old_git
from ..config import load
from ..errors import Refused
from ..folder import write
from ..report import Report
from ..settings import read
from .charts import chart_in
from .manifests import manifests
from .surroundings import surroundings
from .texts import TODO, job, settings
from .trial import ImageKeys, Trials

SETTINGS = "waybill.toml"


class Outset(Struct, frozen=True):
    """Sentences of what was `found` and is `unknown`; paths that were written (with a dry run: would be) and were
    there already. `files` are the contents, with a dry run alone."""

    service: str
    chart: str
    image: list[dict[str, Any]]
    found: list[str]
    unknown: list[str]
    wrote: list[str]
    kept: list[str]
    files: dict[str, str] = {}


def init(git: Git, cwd: Path, chart: str | None, known: Mapping[str, Any], report: Report, *, dry_run: bool) -> Outset:
    """`known` are settings that were given; nothing that is there is changed."""
    refuse_old_git()
    folder = chart_in(git, str(_from_top(git, cwd, chart)) if chart is not None else None, _from_top(git, cwd, "."))
    place = surroundings(git, "origin")
    here = cwd if (git.folder / folder).is_relative_to(cwd.resolve()) else git.folder
    file = str(PurePosixPath(here.resolve().relative_to(git.folder)) / SETTINGS)
    service = load({**known, "chart": folder}, git, path=None, cwd=git.folder, remote="none").service
    found, unknown, files = [f"chart {service} in {folder}"], list[str](), dict[str, str]()
    keys: ImageKeys | None = None
    if not (git.folder / file).exists():
        with report.step("try image keys"), tempfile.TemporaryDirectory(prefix="waybill-") as temporary:
            keys, why = _keys(git, folder, known, Path(temporary))
        if keys:
            found.append(f"{keys.repository or 'its image'} {_said(keys)}, by rendering")
            if keys.others:
                found.append(f"{len(keys.others)} more that values.yaml names: add those that you build to {file}")
        else:
            unknown.append(f"where the chart names the image: {' '.join(why.split())}")
        given = {key: getattr(read(None, known), key) for key in known}
        files[file] = settings(os.path.relpath(git.folder / folder, here), keys, why, given, place)
    found.append(place.address or "no forge: there is no remote `origin`, or it is a path")
    made = job(place.ci, service, known.get("registry"), file)
    if made:
        files[made[0]] = made[1]
        found.append("GitHub Actions" if place.ci == "github" else "GitLab CI")
    else:
        unknown.append("which CI ships it: no job is written")
    files |= (made_of := manifests(git, git.folder / file, folder, known))
    if made_of:
        found.append("no GitOps repo: the manifests lie here")
    kept = [path for path in (file, *files) if (git.folder / path).exists()]
    new = {path: text for path, text in files.items() if path not in kept}
    for path, text in {} if dry_run else new.items():
        write(git.folder / path, text.encode())
    open_lines = new.get(file, "").count(TODO)
    unknown += [f"{open_lines} settings: fill in the lines of {file} marked TODO"] if open_lines else []
    tables = keys.tables if keys else []
    return Outset(service, folder, tables, found, unknown, sorted(new), sorted(set(kept)), new if dry_run else {})


def _keys(git: Git, chart: str, known: Mapping[str, Any], folder: Path) -> tuple[ImageKeys | None, str]:
    """The keys, or why there are none."""
    trials = Trials(git, chart, dict(known), folder)
    try:
        return trials.find(), trials.why
    except Refused as error:
        return None, error.what.rstrip(".")


def _said(found: ImageKeys) -> str:
    if found.pinned:
        return "with post_render, since no key of values.yaml sets it"
    return "at " + " and ".join(
        ", ".join(it if isinstance(it, str) else ".".join(map(str, it)) for it in table.values())
        for table in found.tables
    )


def _from_top(git: Git, cwd: Path, path: str) -> PurePosixPath:
    whole = (cwd / path).resolve()
    if not whole.is_relative_to(git.folder):
        raise Refused(f"{path} does not lie inside the repository.", "Name a folder inside it.", fault="you")
    return PurePosixPath(whole.relative_to(git.folder))
