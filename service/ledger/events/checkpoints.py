"""How places stood amid what is said of them: the rows of `checkpoint`."""

from typing import NamedTuple

from ...database.query import query
from ...database.tables import Checkpoint
from .statements import PlacePosition


class CheckpointColumns(NamedTuple):
    """The columns of `checkpoint`."""

    environment: str
    place: str
    position: str
    state: str


class WithinPlace(NamedTuple):
    """Positions that sort after `after`, until `until`."""

    environment: str
    place: str
    after: str
    until: str


class CheckpointRow(NamedTuple):
    position: str
    state: str


keep_checkpoint = query(
    # Objects that were never installed, and report as one place in one second, would have it at one position.
    lambda **columns: Checkpoint.insert(Checkpoint(**columns)).on_conflict(
        target=(Checkpoint.environment, Checkpoint.place, Checkpoint.position), action="DO NOTHING"
    ),
    takes=CheckpointColumns,
    gives=None,
)
last_checkpoint = query(
    lambda environment, place, after, until: (
        Checkpoint.select(Checkpoint.position, Checkpoint.state)
        .where((Checkpoint.environment == environment) & (Checkpoint.place == place))
        .where((Checkpoint.position > after) & (Checkpoint.position <= until))
        .order_by(Checkpoint.position, ascending=False)
        .limit(1)
    ),
    takes=WithinPlace,
    gives=CheckpointRow,
)
delete_checkpoints_after = query(
    lambda environment, place, position: Checkpoint.delete().where(
        (Checkpoint.environment == environment) & (Checkpoint.place == place) & (Checkpoint.position > position)
    ),
    takes=PlacePosition,
    gives=None,
    many=True,
)
