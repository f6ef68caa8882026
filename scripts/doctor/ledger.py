"""The ledger: whether it takes releases of the service, for how long, and whether its clock and its keys are right."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import structs

from ..checks import Release, ledger_takes_it
from ..clients.ledger import WRITE
from ..errors import Refused
from ..report import Report
from ..session import Session
from .diagnosis import Diagnosis, looked, of_refusal

SOON = timedelta(days=14)
APART = timedelta(seconds=60)


def ledger_of(here: Session) -> list[Diagnosis]:
    if here.config.ledger is None:
        return [Diagnosis("skip", "no ledger is configured: nothing is filed")]

    def look(report: Report) -> str:
        ledger_takes_it(structs.replace(here, report=report), Release((), changes=False))
        return f"{here.config.ledger} takes releases of {here.config.service}"

    found = looked(look)
    return [*found, *_time(here), *_stages(here)] if any(it.state == "ok" for it in found) else found


def _time(here: Session) -> list[Diagnosis]:
    caller, found = here.ledger.caller() if here.ledger else None, list[Diagnosis]()
    now = datetime.now(UTC)
    if caller and caller.expires_at and caller.expires_at - now < SOON:
        days = max(0, (caller.expires_at - now).days)
        make = f"waybill-service token create --scope {WRITE} --service {here.config.service}"
        found.append(Diagnosis("warn", f"the ledger's token ends in {days} days", f"`{make}` makes another."))
    if caller and caller.now and abs(caller.now - now) > APART:
        seconds = int((caller.now - now).total_seconds())
        way = "ahead of" if seconds > 0 else "behind"
        found.append(
            Diagnosis("warn", f"the ledger's clock is {abs(seconds)} s {way} this machine's", "Set the wrong one.")
        )
    return found


def _stages(here: Session) -> list[Diagnosis]:
    """Where the ledger orders or groups these environments otherwise, its board and this tool disagree."""
    try:
        theirs = [(it.name, it.environments) for it in here.ledger.stages()] if here.ledger else []
    except Refused:
        return [Diagnosis("skip", "the ledger's order of the environments, which this token may not read")]
    ours = [(it.name, it.environments) for it in here.config.stages]
    if not theirs or [it for it in theirs if it in ours] == ours:
        return []
    told = ", ".join(name if names == (name,) else f"{name} = {' + '.join(names)}" for name, names in theirs)
    remedy = "Let `environments` of waybill.toml and the ledger's ENVIRONMENTS agree."
    return [Diagnosis("warn", f"the ledger orders or groups the environments otherwise: {told}", remedy)]


def keys_of(here: Session, environments: Sequence[str], key: str | None) -> Diagnosis | None:
    """A signed request that is not kept tells whether the ledger has this webhook key; None without a ledger."""
    if here.ledger is None or not environments:
        return None
    names = " and ".join(environments)
    if key is None or len(environments) > 1:
        what = f"whether the ledger has the webhook key of {names}"
        return Diagnosis("skip", what, "`-e` with one environment and the key in WAYBILL_WEBHOOK_KEY looks.")
    try:
        known = here.ledger.knows(names, key)
    except Refused as error:
        return of_refusal("warn", error)
    if known:
        return Diagnosis("ok", f"the ledger has this webhook key of {names}")
    remedy = "Give FLUX_KEYS of the ledger and the Secret of Flux's Provider the same key."
    return Diagnosis("warn", f"the ledger has another webhook key of {names}, or none", remedy)
