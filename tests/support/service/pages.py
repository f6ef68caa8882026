"""Follows a list of the API from page to page."""

from typing import Any

from .served import Served


async def pages(ledger: Served, path: str, limit: int) -> list[list[dict[str, Any]]]:
    """The items of each page, to the end."""
    found, query = [], f"limit={limit}"
    while True:
        page = await ledger.get(f"{path}{'&' if '?' in path else '?'}{query}")
        found.append(page["items"])
        if page["next"] is None:
            return found
        query = f"limit={limit}&cursor={page['next']}"
