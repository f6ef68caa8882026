"""Keys and rows that queries of several files share."""

from datetime import datetime
from typing import NamedTuple


class EnvironmentKey(NamedTuple):
    environment: str


class PlaceKey(NamedTuple):
    environment: str
    place: str


class ServiceKey(NamedTuple):
    service: str


class DigestKey(NamedTuple):
    digest: str


class PlaceSince(NamedTuple):
    """`at`: in seconds since 1970."""

    environment: str
    place: str
    at: int


class PlaceBetween(NamedTuple):
    """`since` and `until`, both included, in seconds since 1970."""

    environment: str
    place: str
    since: int
    until: int


class Id(NamedTuple):
    id: int


class EventRow(NamedTuple):
    """What domain/reasons' `event_entry` and domain/snapshot's `fact_entry` read."""

    body: bytes
    sha256: str
    received_at: datetime


class PlaceRow(NamedTuple):
    """`state`: domain/place's Standing, as JSON."""

    place: str
    state: str
