"""What every command works with: the settings, the source repository, the waybill's file, the ledger and the forge."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .clients.git import Git
from .clients.git_version import refuse_old_git
from .config import NoCheckout, load, repository_of, without_checkout
from .diff.repo import Repo, opened, worked_in
from .document import Waybill, continued, save
from .document import load as load_document
from .errors import Refused
from .folder import refuse_links
from .gitops.layout import move_ref, shipping_branch
from .proposal.commits import History
from .proposal.intent import Change
from .releases.current import known_commit
from .report import Report
from .source.checkout import Checkout
from .source.clone import source_cloned
from .source.remote import is_known

if TYPE_CHECKING:
    from .clients.ledger import Ledger
    from .forges import Forge


class Session(Checkout, frozen=True):
    """`document` is the file of the waybill; `keep` writes it after each step. `away`: there is no checkout. With
    `allow_override` an environment may run other images than those of a release."""

    document: Path
    away: bool = False
    allow_override: bool = False

    def read(self) -> Waybill:
        waybill = load_document(self.document)
        if waybill is None:
            raise Refused(
                f"There is no waybill at {self.document}, or one of an older Waybill.",
                "Run `waybill bump --image REPOSITORY@sha256:...` first, or `waybill ship` for everything.",
                fault="you",
            )
        if waybill.service != self.config.service:
            raise Refused(
                f"{self.document} is a waybill of {waybill.service}, not of {self.config.service}.",
                "Give the right --waybill or --config.",
                fault="you",
            )
        return waybill

    def keep(self, waybill: Waybill) -> Waybill:
        self.make_folder()
        save(self.document, waybill)
        return waybill

    def begin(self, waybill: Waybill) -> Waybill:
        """Keeps what bump made, with what later steps added to the same release in an earlier run."""
        return self.keep(continued(load_document(self.document), waybill))

    def change(self, waybill: Waybill, environments: Sequence[str]) -> Change:
        """What shipping `waybill` proposes: nothing, where no GitOps repo is configured."""
        names = self.config.shipped_to(environments)
        whole = self.make_folder() / f"{waybill.service}.md"
        return Change(
            waybill,
            self.config,
            names,
            move_ref(waybill.service, names[0]) if self.config.is_gitless else shipping_branch(waybill.service),
            whole,
            self.archive(waybill),
            history=self.history,
            allow_override=self.allow_override,
        )

    @property
    def history(self) -> History:
        config, ledger = self.config, self.ledger
        return History(self.git, config.paths, config.authors, lambda name: known_commit(ledger, config.service, name))

    @contextmanager
    def repo(self, forge: "Forge | None") -> Iterator[Repo | None]:
        """The GitOps repo until the block ends, or what stands for it; None where there is neither."""
        if forge is None and not self.config.is_gitless:
            yield None
            return
        with self.opened(forge) as repo:
            yield repo

    @contextmanager
    def opened(self, forge: "Forge | None" = None) -> Iterator[Repo]:
        """The GitOps repo until the block ends, or the source repository, where that stands for it."""
        if not self.config.is_gitless:
            with opened(forge or self.forge, self.renderer, self.config) as repo:
                yield repo
            return
        if self.away:
            raise Refused(
                f"No GitOps repo is configured, and no checkout of {self.config.service} is here, whose repository "
                "says what its environments get.",
                "Run it in one, or give the address of its repository with --remote.",
                fault="you",
            )
        is_known(self.git, self.config.remote, self.config.service)
        with worked_in(None, self.git, self.renderer, self.config) as repo:
            yield repo

    @property
    def ledger(self) -> "Ledger | None":
        if self.config.ledger is None:
            return None
        from .clients.ledger import Ledger

        return Ledger(self.config.ledger, self.config.ledger_token)

    @property
    def forge(self) -> "Forge":
        from .forges import forge_of

        return forge_of(self.config.gitops, self.config.forge, self.config.forge_token)

    @property
    def proposing_forge(self) -> "Forge | None":
        """The forge with a token, since opening a pull request needs one; None where no GitOps repo is configured."""
        if self.config.gitops is None:
            return None
        forge = self.forge
        if self.config.forge != "file" and not self.config.forge_token:
            raise Refused(
                "A pull request is opened with a token of the forge, and none is given.",
                "Set WAYBILL_FORGE_TOKEN, or WAYBILL_FORGE_TOKEN_FILE to the file that holds it.",
                fault="you",
            )
        return forge


def start(
    flags: Mapping[str, Any], *, path: Path | None, remote: str, waybill: Path | None, report: Report, cwd: Path
) -> Session:
    """Reads the settings; refused where they do not fit together, or git is too old for what follows."""
    refuse_old_git()
    git = repository_of(cwd)
    config = load(flags, git, path=path, cwd=cwd, remote=remote)
    folder = config.document.parent
    refuse_links(folder)
    return Session(config, git, report, folder, waybill or config.document)


@contextmanager
def start_for(
    service: str,
    flags: Mapping[str, Any],
    environments: Sequence[str] = (),
    *,
    path: Path | None,
    remote: str,
    waybill: Path | None,
    report: Report,
    cwd: Path,
) -> Iterator[Session]:
    """A session of `service`: in its checkout here, else in a clone of `remote` where that is an address, else `away`
    from any, with what the file `path`, variables and flags say."""
    rest: dict[str, Any] = {"waybill": waybill, "report": report}
    if here := _in_checkout(service, flags, path=path, remote=remote, cwd=cwd, **rest):
        yield here
    elif "/" in remote:
        with source_cloned(remote, cwd) as top:
            file = top / path if path else None
            if (there := _in_checkout(service, flags, path=file, remote="origin", cwd=top, **rest)) is None:
                raise Refused(
                    f"{remote} is not the repository of {service}, as far as its waybill.toml says.",
                    "Correct --remote, or name the waybill.toml of the service in it with --config.",
                    fault="you",
                )
            yield there
    else:
        config = without_checkout(service, flags, environments, path=path, cwd=cwd, remote=remote)
        refuse_links(config.document.parent)
        yield Session(config, Git(cwd), report, config.document.parent, waybill or config.document, away=True)


def _in_checkout(service: str, flags: Mapping[str, Any], **rest: Any) -> Session | None:
    try:
        here = start(flags, **rest)
    except NoCheckout:
        return None
    return here if here.config.service == service else None
