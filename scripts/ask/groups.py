"""Groups of environments: by the name of one, all that are in it are asked for."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from ..clients.ledger import Ledger
from ..config import nearest
from ..errors import Refused
from ..releases.current import told
from ..settings import read
from ..stages import stages
from .ledger import path


class StageAnswer(Struct, frozen=True):
    """An item of `GET /stages`."""

    name: str
    environments: list[str]


class StagesAnswer(Struct, frozen=True):
    items: list[StageAnswer]


def members(ledger: Ledger, names: Iterable[str]) -> list[str]:
    """`names`, with its environments in place of a group: as the ledger's ENVIRONMENTS has it, else the nearest
    waybill.toml."""
    several = [*names]
    known = _groups(ledger) if several else {}
    if not all(name in known for name in several):
        own = {it.name: list(it.environments) for it in stages(read(nearest(Path.cwd()), {}).environments)}
        known = own | known
    return [*dict.fromkeys(member for name in several for member in known.get(name, (name,)))]


def only_one(ledger: Ledger, name: str | None) -> str | None:
    """`name`; a group is refused."""
    several = members(ledger, [name]) if name else []
    if len(several) > 1:
        raise Refused(f"{name} is a group of {' and '.join(several)}.", "Name one of them.", fault="you")
    return name


def label(group: str, environment: str) -> str:
    """How an environment is called inside its group: production-eu of production is `eu`."""
    return environment.removeprefix(f"{group}-") or environment


def _groups(ledger: Ledger) -> dict[str, Sequence[str]]:
    """Those that the ledger knows; an older one tells none."""
    answer = ledger.get(path("stages"))
    return {it.name: it.environments for it in told(answer, StagesAnswer).items} if answer else {}
