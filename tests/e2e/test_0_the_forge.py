"""A real Gitea does with proposals what the forges' table says."""

from collections.abc import Callable

from tests.support.forge_stands import OfGitea
from tests.support.forge_table import Stand, every_row
from tools.cluster.world import World


@every_row
def test_row(row: Callable[[Stand], None], real: World) -> None:
    row(OfGitea(real.forge, row.__name__.replace("_", "-")))
