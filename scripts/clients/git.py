"""git as plumbing: objects and refs are read and written, work trees and branches of the user never change."""

import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from ..errors import Fault, Refused
from .git_configuration import COMMAND, ENVIRONMENT
from .git_credential import Credential, lent
from .git_objects import Objects
from .git_remote import declined, unreadable, untaken
from .process import Completed, censor, run

IDENTITY = "Waybill <waybill@waybill.invalid>"
CRUD = " .,:;<>\"\\'"
TRAILER = "Waybill-Release"  # in every commit of ours: service and version
LATEST = 253402300799  # the last second of the year 9999
MOVES_WITHIN = (0, 0.5)  # seconds


class Author(Struct, frozen=True):
    """Who commits, `Name <email>` as git keeps it; with `signs` as git is configured to sign."""

    who: str = IDENTITY
    signs: bool = False

    @classmethod
    def called(cls, text: str, *, signs: bool) -> "Author":
        """git leaves out what stands around a name (https://git-scm.com/docs/git-commit#_commit_information)."""
        name, _, email = text.rstrip(">").rpartition(" <")
        return cls(f"{name.strip(CRUD)} <{email.strip(CRUD)}>", signs)

    def variables(self, seconds: int) -> dict[str, str]:
        """For git; both dates are `seconds` since the epoch, UTC."""
        name, _, email = self.who.rstrip(">").rpartition(" <")
        said = {"NAME": name, "EMAIL": email, "DATE": f"@{seconds} +0000"}
        return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in said.items()}


OURS = Author()


class TreeFile(Struct, frozen=True):
    """A file of a tree: `mode` as git writes it (100644, 100755, 120000, 160000), `path` relative to that tree."""

    mode: str
    path: str
    data: bytes


class Git(Struct, frozen=True, dict=True):
    """A repository at `folder`; a failure is the fault of `fault`. Where git speaks to a remote, and only there, it may
    ask for `credential`."""

    folder: Path
    fault: Fault = "repository"
    credential: Credential | None = None

    def call(
        self,
        *args: str,
        input: bytes | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = 300,
        remote: str | None = None,
    ) -> Completed:
        """`remote` is the one that this command speaks to."""
        with lent(self.credential if remote else None) as (settings, files):
            return run(
                [*COMMAND, *args],
                cwd=self.folder,
                env={**ENVIRONMENT, **settings, **(env or {})},
                input=input,
                check=check,
                timeout=timeout,
                fault=self.fault,
                verb=" ".join([word for word in args if not re.search("^-|=", word)][:2]),
                files=files,
            )

    def run(self, *args: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        return self.call(*args, input=input, env=env).text

    # Objects

    @cached_property
    def _objects(self) -> Objects:
        return Objects(COMMAND, self.folder, ENVIRONMENT, self.fault)

    def commit(self, revision: str) -> str | None:
        """The commit id that `revision` names, None where there is none."""
        found = self._objects.find(f"{revision}^{{commit}}")
        return found[0] if found else None

    def tree_id(self, revision: str) -> str:
        return self._objects.commit(revision).tree

    def has(self, objects: Iterable[str]) -> set[str]:
        """Those of `objects` that are in this clone, without fetching from the remote of a partial one."""
        asked = "".join(f"{name}\n" for name in objects).encode()
        if not asked:
            return set()
        lines = self.call("cat-file", "--batch-check", input=asked, env={"GIT_NO_LAZY_FETCH": "1"}).text
        return {line.split(" ", 1)[0] for line in lines.splitlines() if not line.endswith(" missing")}

    def blob(self, revision: str, path: str) -> bytes | None:
        """The bytes of `path` in `revision`, None where it is absent."""
        files = self.files(revision, path)
        return files.get(path)

    def tree(self, revision: str, folder: str = "") -> list[TreeFile]:
        """Every file below `folder` in `revision`, blob by blob: no eol conversion, filter or export-ignore."""
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        return [
            TreeFile(mode, path.removeprefix(prefix), data)
            for mode, path, data in self._objects.files(revision, folder)
        ]

    def files(self, revision: str, *paths: str) -> dict[str, bytes]:
        """The regular files at or below `paths` in `revision`, by their whole path."""
        found = [file for path in paths for file in self._objects.files(revision, path)]
        return {path: data for mode, path, data in found if mode.startswith("100")}

    def write_tree(self, base: str, changes: Mapping[str, bytes]) -> str:
        """The id of `base`'s tree with `changes`; modes of existing files stay."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / str(number) for number in range(len(changes))]
            for file, data in zip(files, changes.values(), strict=True):
                file.write_bytes(data)
            listed = "".join(f"{file}\n" for file in files).encode()
            blobs = self.run("hash-object", "-w", "--no-filters", "--stdin-paths", input=listed).splitlines()
            found = [file for name in changes for file in self._objects.files(base, name)]
            modes = {path: mode for mode, path, _ in found if mode.startswith("100")}
            entries = {path: (modes.get(path, "100644"), blob) for path, blob in zip(changes, blobs, strict=True)}
            return self._objects.tree_with(base, entries)

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, seconds: int, author: Author = OURS) -> str:
        """A commit with both dates `seconds` since the epoch: the same input gives the same id, unless it is signed."""
        flags = ["-S" if author.signs else "--no-gpg-sign", *(word for it in parents for word in ("-p", it)), tree]
        made = self.call(
            "commit-tree", *flags, input=message.encode(), env=author.variables(seconds), check=not author.signs
        )
        if made.code != 0:
            raise Refused(
                f"git could not sign a commit of {author.who}, as `commit_sign` wants: {made.complaint}",
                "Correct what it names (`git commit -S` has to work here, as `commit_author`), or turn it off.",
                fault="machine",
            )
        return made.text

    def tag_object(self, tag: str, commit: str, author: Author) -> str:
        """An annotated tag, dated as its commit: the same input gives the same id. No ref names it yet."""
        seconds = self.committed(commit)
        head = f"object {commit}\ntype commit\ntag {tag}\ntagger {author.who} {seconds} +0000\n"
        return self.run("mktag", input=f"{head}\n{tag}\n".encode())

    # History

    def parents(self, commits: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The parents of each of `commits`, all of which must be here; other objects among them are left out."""
        return {name: self._objects.commit(name).parents for name in commits if self.commit(name)}

    def committed_at(self, commit: str) -> str:
        """Its committer time as RFC 3339, in UTC."""
        return datetime.fromtimestamp(self.committed(commit), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def committed(self, commit: str) -> int:
        """Committer time in seconds since the epoch; refused where no date of a waybill (RFC 3339) can say it."""
        seconds = self._objects.commit(commit).seconds
        if not 0 <= seconds <= LATEST:
            raise Refused(
                f"{commit[:12]} is dated {seconds} s after 1970, which is no time of RFC 3339.",
                "Commit again, on a machine whose clock is right.",
                fault=self.fault,
            )
        return seconds

    def committer(self, commit: str) -> str:
        """`Name <email>`, as the commit has it."""
        return self._objects.commit(commit).committer

    def trailer(self, commit: str) -> str:
        """What TRAILER says in the commit's message, "" where that has none."""
        return self.run("log", "-1", "--no-show-signature", f"--format=%(trailers:key={TRAILER},valueonly)", commit)

    def is_ancestor(self, older: str, newer: str) -> bool:
        found = self.call("merge-base", "--is-ancestor", older, newer, check=False)
        if found.code not in (0, 1):
            raise Refused(
                f"git could not compare {older[:12]} with {newer[:12]}: {found.complaint}",
                "Fetch the whole history (in GitHub Actions: `fetch-depth: 0`).",
                fault=self.fault,
            )
        return found.code == 0

    @cached_property
    def _shallow(self) -> Path:
        """The file that there is in a shallow clone: https://git-scm.com/docs/gitrepository-layout"""
        return self.folder / self.run("rev-parse", "--git-path", "shallow")

    def is_shallow(self) -> bool:
        return self._shallow.exists()

    def deepen(self, remote: str) -> None:
        """Fetches the whole history into a shallow clone; refused where the remote does not give it."""
        if not self.is_shallow():
            return
        done = self.call("fetch", "--quiet", "--unshallow", "--no-tags", "--no-write-fetch-head", remote, check=False)
        if done.code != 0:
            raise Refused(
                f"This clone is shallow and {remote} did not give the rest: {done.complaint}",
                "Check out with the whole history (in GitHub Actions: `fetch-depth: 0`).",
                fault=self.fault,
            )

    # Remotes

    def ls_remote(self, remote: str, *patterns: str) -> str:
        """What git lists of the remote's refs, HEAD's target too; a remote that cannot be read is refused."""
        command = ("ls-remote", "--quiet", "--symref", "--end-of-options", remote, *patterns)
        listed = self.call(*command, check=False, timeout=30, remote=remote)
        if listed.code != 0:
            raise unreadable(remote, listed.complaint, self.fault)
        if re.search(r"^[0-9a-f]{64}\t", listed.text, re.MULTILINE):
            raise Refused(
                f"{censor(remote)} names its objects by SHA-256, and a waybill names commits by SHA-1.",
                "Use a repository of SHA-1 objects (`git init --object-format=sha1`).",
                fault=self.fault,
            )
        return listed.text

    def refs(self, remote: str, *patterns: str) -> dict[str, str]:
        """The remote's refs that match `patterns`, annotated tags as the commit that they name."""
        listed = self.ls_remote(remote, *patterns, *(f"{pattern}^{{}}" for pattern in patterns))
        refs: dict[str, str] = {}
        for line in listed.splitlines():
            name, ref = line.split("\t")
            refs[ref.removesuffix("^{}")] = name  # the peeled line follows the tag's own
        return refs

    def fetch(self, remote: str, refs: Sequence[str]) -> None:
        """Fetches the objects of `refs` without touching any ref of the clone."""
        if refs:
            wanted = "".join(f"{ref}\n" for ref in refs).encode()
            self.call("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--stdin", remote,
                      input=wanted, remote=remote)  # fmt: skip

    def create(self, remote: str, ref: str, commit: str, named: str | None = None) -> bool:
        """Creates `ref` on the remote, which is atomic; False when it exists there with another commit. It names the
        commit or `named`, an annotated tag of it."""
        pushed = self.push(remote, ref, named or commit, expect="")
        if pushed:
            return True
        return self.refs(remote, ref).get(ref) == commit

    def push(self, remote: str, ref: str, commit: str, *, expect: str, rehearse: bool = False) -> bool:
        """Moves the remote's `ref` from `expect` ("" for absent) to `commit`; False when somebody moved it before. To
        `rehearse` is to ask the remote whether this user may push there, and to move nothing."""
        # A remote that is made to push all its refs takes no others.
        alone = [] if "/" in remote else ["-c", f"remote.{remote}.mirror=false"]
        pushed = self.call(
            *alone, "push", "--quiet", "--porcelain", "--no-verify", *(["--dry-run"] if rehearse else []),
            f"--force-with-lease={ref}:{expect}", remote, f"{commit}:{ref}", check=False, remote=remote,
        )  # fmt: skip
        if pushed.code == 0:
            return True
        reason = declined(pushed.stdout)
        # Why a remote declines it says in words of its own: whether the ref has moved tells a lost race from the rest.
        # The push that won may still be under way.
        for pause in MOVES_WITHIN if reason else ():
            time.sleep(pause)
            if self.refs(remote, ref).get(ref, "") != expect:
                return False
        raise untaken(remote, ref, reason, pushed.stderr.decode(errors="replace"), self.fault)
