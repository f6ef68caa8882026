"""Brings releases that were kept as number 1 of the waybill to number 2, for good.

In pieces, each with a transaction of its own: what was done stays done, and nobody waits for long. Until then, and for
what a ledger before number 2 files meanwhile, number_two.py converts them whenever they are read.
"""

from typing import NamedTuple

from ...database.piccolo_conf import current
from ...database.query import query
from ...database.tables import Release
from ...domain.identity import sha256
from ...domain.number_one import decode, to_two
from ...domain.waybill import encode
from ..progress import Say, silence
from ..rows import Id
from .file import add_image, images_of
from .index import complete

PIECE = 200  # releases


class Piece(NamedTuple):
    limit: int


class OldRelease(NamedTuple):
    id: int
    document: str


class NewForm(NamedTuple):
    waybill: str
    identity: str
    id: int


_old = query(
    lambda limit: Release.raw("SELECT id, document FROM release WHERE waybill IS NULL ORDER BY id LIMIT {}", limit),
    takes=Piece,
    gives=OldRelease,
)
# Another process may have been faster: then it gives no id.
_renew = query(
    lambda waybill, identity, id: Release.raw(
        "UPDATE release SET waybill = {}, identity = {} WHERE id = {} AND waybill IS NULL RETURNING id",
        waybill,
        identity,
        id,
    ),
    takes=NewForm,
    gives=Id,
)


async def upgrade(say: Say = silence) -> None:
    """Returns when no release is left that was kept as number 1."""
    done = 0
    while some := await _upgrade_some():
        done += some
        say(f"{done} releases brought to number 2")
    await complete()


async def _upgrade_some() -> int:
    """How many; 0: none was left."""
    if not await _old(Piece(1)):
        return 0
    async with current().transaction():
        found = {it.id: to_two(decode(it.document)) for it in await _old(Piece(PIECE))}
        renewed = await _renew.each([NewForm(encode(it).decode(), sha256(it), id) for id, it in found.items()])
        await add_image.each([image for it in renewed for image in images_of(it.id, found[it.id])])
    return len(found)
