"""A forge for a GitOps repo that is a path of this machine: a proposal is a JSON file in `waybill-proposals/` of the
repository's git folder. It lets the whole line run without a server; to merge or close one, git does the merge and the
file's `state` says `merged` or `closed`."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from ..errors import Refused
from . import Attributes, Proposal


class ProposalFile(Struct, frozen=True, kw_only=True):
    number: int
    branch: str
    base: str
    title: str
    body: str
    state: Literal["open", "closed", "merged"] = "open"
    comments: tuple[str, ...] = ()


class FileForge:
    def __init__(self, remote: str, token: str | None = None) -> None:
        if not remote.startswith(("/", "file://")):
            raise Refused(
                f'forge = "file" is for a path on this machine, and gitops is {remote}.',
                "Set `forge` in waybill.toml to the forge that serves it, or `gitops` to a path.",
                fault="you",
            )
        self.repository = Path(unquote(urlsplit(remote).path) if remote.startswith("file://") else remote)
        git = self.repository / ".git"
        self.folder = (git if git.is_dir() else self.repository) / "waybill-proposals"

    def check(self, branches: Sequence[str] = ()) -> None:
        if not self.repository.is_dir():
            raise Refused(
                f"There is no GitOps repo at {self.repository}.",
                "Set `gitops` to the path or the address of the repository that Flux applies.",
                fault="you",
            )

    def check_attributes(self, wanted: Attributes) -> None:
        raise Refused(
            "A GitOps repo that is a path has no forge, whose pull requests have labels, reviewers or drafts.",
            "Take `labels`, `reviewers` and `draft` out of waybill.toml.",
            fault="you",
        )

    def find(self, branch: str, base: str) -> Proposal | None:
        return next(iter(self.proposals(branch, base)), None)

    def proposals(self, branch: str, base: str) -> list[Proposal]:
        found = [record for record in self.records() if (record.branch, record.base) == (branch, base)]
        return [*map(self.proposal, sorted(found, key=lambda record: (record.state != "open", -record.number)))]

    def create(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Proposal:
        with self.alone():
            found = self.find(branch, base)
            if found is None or found.state != "open":
                number = max((record.number for record in self.records()), default=0) + 1
                record = ProposalFile(number=number, branch=branch, base=base, title=title, body=body)
                self.write(record)
                return self.proposal(record)
        return self.update(found.number, title, body)

    def update(self, number: int, title: str, body: str) -> Proposal:
        with self.alone():
            record = msgspec.structs.replace(self.read(self.path(number)), title=title, body=body)
            self.write(record)
        return self.proposal(record)

    def add(self, number: int, wanted: Attributes) -> None:
        self.check_attributes(wanted)

    def comment(self, number: int, text: str) -> None:
        with self.alone():
            record = self.read(self.path(number))
            self.write(msgspec.structs.replace(record, comments=(*record.comments, text)))

    def head_ref(self, number: int) -> str:
        """Nothing else keeps them."""
        return f"refs/heads/{self.read(self.path(number)).branch}"

    def check_merge(self) -> None:
        raise Refused(
            'A GitOps repo that is a path has no forge that merges by its own rules, as `merge = "auto"` wants.',
            'Set `merge = "review"` in waybill.toml, and merge with git.',
            fault="you",
        )

    def merge(self, number: int, head: str) -> None:
        self.check_merge()

    def withdraw(self, number: int) -> None:
        """Nothing was asked."""

    def proposal(self, record: ProposalFile) -> Proposal:
        url = self.path(record.number).resolve().as_uri()
        return Proposal(record.number, url, record.state, record.title, record.body, "")

    def path(self, number: int) -> Path:
        return self.folder / f"{number}.json"

    def records(self) -> list[ProposalFile]:
        return [self.read(path) for path in self.folder.glob("*.json")]

    def read(self, path: Path) -> ProposalFile:
        try:
            return msgspec.json.decode(path.read_bytes(), type=ProposalFile)
        except (OSError, msgspec.MsgspecError) as error:
            raise Refused(f"{path} is no proposal: {error}.", "Correct or remove the file.", fault="forge") from error

    def write(self, record: ProposalFile) -> None:
        path = self.path(record.number)
        temporary = path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
        temporary.replace(path)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One writer at a time on this machine."""
        self.folder.mkdir(exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


FORGE = FileForge
