"""doctor: all that ship, wait and the environments need, looked at without changing anything."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import structs

from ..document import Waybill
from ..errors import Refused
from ..gitops.layout import shipping_branch
from ..report import Notes, Report
from ..session import Session
from .diagnosis import Diagnosis, of_refusal, stops_release
from .environment import environment_of
from .ledger import keys_of, ledger_of
from .machine import programs
from .release import release_of
from .tag import tag_of


def examined(start: Callable[[Report], Session], only: Sequence[str], key: str | None) -> Iterator[Diagnosis]:
    """`only` are the environments, by themselves all; `key` is the webhook key of the only one."""
    yield from (needed := programs())
    if stops_release(needed):
        yield Diagnosis("skip", "all else, which needs these programs")
        return
    try:
        here = start(Notes())
        names = here.config.chosen(only or here.config.environments) if here.config.environments else ()
    except Refused as error:
        yield of_refusal("fail", error)
        yield Diagnosis("skip", "the release, its ledger and its environments, which settings name")
        return
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        there = structs.replace(here, folder=Path(folder), document=Path(folder) / "waybill.json")
        found, waybill = release_of(there, names)
        yield from found
        yield from ledger_of(here)
        if told := keys_of(here, names, key):
            yield told
        if here.config.has_releases:
            yield from _environments(there, names, waybill)
    yield Diagnosis("skip", "the clusters, which cannot be seen from here")


def _environments(here: Session, names: Sequence[str], waybill: Waybill | None) -> Iterator[Diagnosis]:
    try:
        with here.opened() as repo:
            if waybill is None:
                if not here.config.is_gitless:
                    repo.look(here.config.gitops_branch, shipping_branch(here.config.service))  # it can be read
                what = f"{' and '.join(names) or 'the environments'}: there is no release that could run there"
                yield Diagnosis("skip", what)
                return
            look = tag_of if here.config.is_gitless else environment_of
            for name in names:
                yield from look(here, name, waybill, repo)
    except Refused as error:
        yield of_refusal("fail", error)
