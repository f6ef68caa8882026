"""The objects of a git repository, read through one `git cat-file` that stays open.

https://git-scm.com/docs/git-cat-file#_batch_output
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from ..errors import Fault, Refused
from .process import Changes, Dialogue

AT_ONCE = 500  # names, which a pipe holds while nobody reads them
TREE, LINK, SUBMODULE = "40000", "120000", "160000"
KINDS = {TREE: "a folder", LINK: "a symbolic link", SUBMODULE: "a submodule"}


class Commit(Struct, frozen=True):
    """`committer` is `Name <email>`, `seconds` its time since the epoch."""

    tree: str
    parents: tuple[str, ...]
    committer: str
    seconds: int


class Objects:
    """`command` is git with its settings. An object that only the remote of a partial clone has is fetched."""

    def __init__(self, command: list[str], folder: Path, env: Changes, fault: Fault) -> None:
        self._fault = fault
        self._command = command
        self._start = partial(Dialogue, cwd=folder, env=env, fault=fault)
        self._trees: dict[str, bytes] = {}  # by their ids
        self._git = self._start([*command, "cat-file", "--batch"], verb="cat-file")

    def find(self, name: str) -> tuple[str, str, bytes] | None:
        """Id, kind and content of what `name`, an id or a revision, names; None where there is none."""
        return None if "\n" in name else self._find([name])[0]

    def contents(self, names: Sequence[str]) -> list[bytes]:
        """Of each id. git is asked for many at once: on a busy machine each wait for an answer takes its turn."""
        found: list[bytes] = []
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            found += [self._known(name, it)[2] for name, it in zip(part, self._find(part), strict=True)]
        return found

    def _find(self, names: Sequence[str]) -> list[tuple[str, str, bytes] | None]:
        self._git.ask("".join(f"{name}\n" for name in names).encode())
        return [self._answer() for _ in names]

    def _answer(self) -> tuple[str, str, bytes] | None:
        head = self._git.line()
        if head.endswith((b" missing", b" ambiguous")):
            return None
        found, kind, size = head.decode().split(" ")
        return found, kind, self._git.read(int(size) + 1)[:-1]

    def content(self, name: str) -> bytes:
        return self._there(name)[2]

    def _there(self, name: str) -> tuple[str, str, bytes]:
        return self._known(name, self.find(name))

    def _known(self, name: str, found: tuple[str, str, bytes] | None) -> tuple[str, str, bytes]:
        if found is None:
            raise Refused(
                f"git finds no {name} in this clone.",
                "Fetch the whole history (in GitHub Actions: `fetch-depth: 0`).",
                fault=self._fault,
            )
        return found

    def commit(self, name: str) -> Commit:
        head, _, _ = self.content(f"{name}^{{commit}}").decode(errors="replace").partition("\n\n")
        lines = [line.partition(" ") for line in head.split("\n")]
        who = re.search(r"^committer (.*>) (-?[0-9]+)", head, re.MULTILINE)
        return Commit(
            tree=next(value for key, _, value in lines if key == "tree"),
            parents=tuple(value for key, _, value in lines if key == "parent"),
            committer=who[1] if who else "",
            seconds=int(who[2]) if who else 0,
        )

    def files(self, revision: str, path: str) -> Iterator[tuple[str, str, bytes]]:
        """Mode, path and content of every file at or below `path` in `revision`; a submodule's content is empty."""
        tree = self.find(f"{revision}^{{tree}}")
        if tree is None:
            self.content(revision)
            return
        mode, found, above = TREE, tree[0], ""
        for word in filter(lambda word: word not in ("", "."), path.split("/")):
            inside = self._entries(found, above) if mode == TREE else []
            mode, found, above = next((entry for entry in inside if entry[2] == f"{above}{word}"), ("", "", ""))
            above += "/"
        yield from self._below(mode, found, above.rstrip("/"))

    def tree_with(self, revision: str, files: Mapping[str, tuple[str, str]]) -> str:
        """The id of a new tree, that of `revision` with `files`: by path the mode and the blob of each. Only the
        folders above them are read and written; refused where one would take another thing's place. https://git-scm.com/docs/git-mktree"""
        writer = self._start([*self._command, "mktree", "-z", "--missing", "--batch"], verb="mktree")
        return self._grown(self._there(f"{revision}^{{tree}}")[0], files, writer)

    def _grown(self, tree: str | None, files: Mapping[str, tuple[str, str]], writer: Dialogue, above: str = "") -> str:
        entries = {name: (mode, found) for mode, found, name in (self._entries(tree, "") if tree else ())}
        below: dict[str, dict[str, tuple[str, str]]] = {}
        for path, file in files.items():
            name, _, rest = path.partition("/")
            if rest:
                below.setdefault(name, {})[rest] = file
            else:
                self._refuse_other(f"{above}{name}", entries, name, "100")
                entries[name] = file
        for name, inside in below.items():
            self._refuse_other(f"{above}{name}", entries, name, TREE)
            tree = entries[name][1] if name in entries else None
            entries[name] = TREE, self._grown(tree, inside, writer, f"{above}{name}/")
        kinds = {TREE: "tree", SUBMODULE: "commit"}
        lines = [f"{mode} {kinds.get(mode, 'blob')} {found}\t{name}\0" for name, (mode, found) in entries.items()]
        writer.ask(os.fsencode("".join(lines)) + b"\0")
        return writer.line().decode()

    def _refuse_other(self, path: str, entries: Mapping[str, tuple[str, str]], name: str, wanted: str) -> None:
        """What else people have at a path stays there."""
        mode, _ = entries.get(name, (wanted, ""))
        if not mode.startswith(wanted):
            folder = wanted == TREE
            raise Refused(
                f"{path} is {KINDS.get(mode, 'a file')}, where Waybill writes a {'folder' if folder else 'file'}.",
                "Give it another name in the same folder, there and in what names it. Where people wrote the layout, "
                "`waybill adopt` lets releases be written to its own HelmRelease.",
                fault=self._fault,
            )

    def _below(self, mode: str, name: str, path: str) -> Iterator[tuple[str, str, bytes]]:
        left, found = [(mode, name, path)] if mode else [], list[tuple[str, str, str]]()
        if mode == TREE:
            self._learn(name)
        while left:
            mode, name, path = left.pop()
            if mode == TREE:
                left += reversed(self._entries(name, f"{path}/" if path else ""))
            else:
                found.append((mode, name, path))
        blobs = [name for mode, name, _ in found if mode != SUBMODULE]
        contents = dict(zip(blobs, self.contents(blobs), strict=True))
        yield from ((mode, path, b"" if mode == SUBMODULE else contents[name]) for mode, name, path in found)

    def _learn(self, tree: str) -> None:
        """Reads a tree and all below it, level by level."""
        level = [tree]
        while level:
            lacking = [name for name in dict.fromkeys(level) if name not in self._trees]
            self._trees |= zip(lacking, self.contents(lacking), strict=True)
            level = [name for it in lacking for mode, name, _ in self._entries(it, "") if mode == TREE]

    def _entries(self, tree: str, prefix: str) -> list[tuple[str, str, str]]:
        """Mode, id and path of what lies in a tree: `mode name\\0` and the bytes of the id, repeated."""
        if tree not in self._trees:
            self._trees[tree] = self.content(tree)
        data, size, entries, start = self._trees[tree], len(tree) // 2, [], 0
        while start < len(data):
            end = data.index(b"\0", start)
            mode, _, name = data[start:end].partition(b" ")
            entries.append((mode.decode(), data[end + 1 : end + 1 + size].hex(), prefix + os.fsdecode(name)))
            start = end + 1 + size
        return entries
