"""What every command works with: the settings, the source repository, the waybill's file, the ledger and the forge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .clients.git import Git
from .config import Config, load
from .document import Waybill, chart_of, save
from .document import load as load_document
from .errors import Refused
from .gitops.files import chosen
from .proposal.intent import Change
from .report import Report

if TYPE_CHECKING:
    from .clients.ledger import Ledger
    from .forges import Forge


@dataclass(frozen=True)
class Session:
    """`document` is where the waybill lies; what else the steps make lies beside it."""

    config: Config
    git: Git
    report: Report
    document: Path

    def read(self) -> Waybill:
        waybill = load_document(self.document)
        if waybill is None:
            raise Refused(
                f"There is no waybill at {self.document}.",
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

    def write(self, waybill: Waybill) -> Waybill:
        save(self.document, waybill)
        return waybill

    @property
    def folder(self) -> Path:
        """`.waybill/` at the repository's top; it ignores itself, so that no commit takes it along."""
        folder = self.git.folder / ".waybill"
        folder.mkdir(exist_ok=True)
        if not (ignore := folder / ".gitignore").exists():
            ignore.write_text("*\n")
        return folder

    def archive(self, waybill: Waybill) -> Path:
        return self.folder / f"{waybill.service}-{chart_of(waybill).version}.tgz"

    def check(self, environments: Sequence[str], *, to_propose: bool = True) -> None:
        """Refuses what would stop a later step, before the first one changes anything outside."""
        if self.config.registry is None and (self.config.gitops or self.config.ledger):
            raise Refused(
                "No registry is configured, so there is no chart that could be proposed or filed.",
                "Set `registry` in waybill.toml.",
                fault="you",
            )
        if self.config.gitops is not None:
            chosen(environments, self.config.environments)
            _ = self.proposing_forge if to_propose else self.forge

    def change(self, waybill: Waybill, environments: Sequence[str]) -> Change:
        """What shipping `waybill` proposes."""
        return Change(waybill, self.config, chosen(environments, self.config.environments), f"apps/{waybill.service}")

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
    def proposing_forge(self) -> "Forge":
        """The forge, to whom one may write; reading a public repository needs no token."""
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
    """Reads the settings; refused where they do not fit together."""
    config = load(flags, path=path, cwd=cwd, remote=remote)
    return Session(config, Git(Path(config.root)), report, waybill or config.document)
