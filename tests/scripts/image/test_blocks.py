"""What the [[image]] blocks of waybill.toml must be."""

from typing import Any

import pytest

from scripts.errors import Refused
from scripts.image.blocks import parse


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        ([{"name": "Web", "reference": "image"}], "`name = 'Web'` in [[image]] number 1 is no name of an image."),
        ([{"name": 7, "reference": "image"}], "`name = 7` in [[image]] number 1 is no name of an image."),
        ([{"post_render": "a:1"}], "`post_render = 'a:1'` in [[image]] number 1 is no repository of an image."),
        (
            [{"name": it, "post_render": "ghcr.io/acme/orders"} for it in ("web", "worker")],
            "waybill.toml wants two images for the one that the chart renders as ghcr.io/acme/orders.",
        ),
    ],
)
def test_what_is_no_block_is_refused(tables: list[dict[str, Any]], what: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(tables, "orders")
    assert refused.value.what == what
