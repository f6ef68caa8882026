"""Abbreviations: what some hex digits may be short for."""

from typing import Annotated, Literal

from litestar import get
from litestar.params import PathParameter
from msgspec import Struct

from ..ledger import abbreviations
from .parameters import HEX

Digits = Annotated[str, PathParameter(pattern=HEX, description="The first digits of a digest, or of a commit.")]


class WholeName(Struct, frozen=True):
    kind: Literal["image", "chart", "commit"]
    name: str


class WholeNames(Struct, frozen=True):
    items: list[WholeName]


@get("/abbreviations/{digits:str}", scope="read", operation_id="list_whole_names", tags=["abbreviations"])
async def list_whole_names(digits: Digits) -> WholeNames:
    """The digests and commits that begin with these digits; of many some."""
    return WholeNames([WholeName(it.kind, it.name) for it in await abbreviations.wholes(digits)])
