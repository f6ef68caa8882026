"""Labels and reviewers of a proposal, and whether it is a draft, as the settings want it."""

from ..config import Config
from ..errors import Refused
from ..forges import Attributes, Forge, Proposal
from ..report import Report


def attributes(config: Config) -> Attributes:
    return Attributes(config.labels, config.reviewers, config.draft)


def wants(config: Config) -> bool:
    return attributes(config) != Attributes()


def add(config: Config, proposal: Proposal, forge: Forge, report: Report) -> None:
    """The proposal stands where this is refused, and the command says so at its end."""
    if not (config.labels or config.reviewers):
        return
    try:
        forge.add(proposal.number, attributes(config))
    except Refused as error:
        what = f"{proposal.url} is open, and does not have all labels and reviewers: {error.what}"
        report.leave(Refused(what, error.remedy, fault=error.fault))
