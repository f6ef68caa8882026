"""Groups of environments: by the name of one, all that are in it are asked for."""

from collections.abc import Iterable
from pathlib import Path

from ..clients.ledger import Ledger
from ..config import nearest
from ..settings import read
from ..stages import stages


def members(ledger: Ledger, names: Iterable[str]) -> list[str]:
    """`names`, with its environments in place of a group: as the ledger's ENVIRONMENTS has it, else the nearest
    waybill.toml."""
    several = [*names]
    known = {it.name: it.environments for it in ledger.stages()} if several else {}
    if not all(name in known for name in several):
        own = {it.name: it.environments for it in stages(read(nearest(Path.cwd()), {}).environments)}
        known = own | known
    return [*dict.fromkeys(member for name in several for member in known.get(name, (name,)))]


def label(group: str, environment: str) -> str:
    """How an environment is called inside its group: production-eu of production is `eu`."""
    return environment.removeprefix(f"{group}-") or environment
