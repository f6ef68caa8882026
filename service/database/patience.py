"""How long the database may take: a request is answered in seconds, a command would only be begun again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """In seconds. `connect`: until PostgreSQL gives a connection. `statement`: for one of PostgreSQL's; None: any time.
    `busy`: while another program holds SQLite's lock."""

    connect: float
    statement: float | None
    busy: float


# Together less than the time that a request has (http/limits.py), so that each ends by itself.
REQUEST = Patience(connect=1.5, statement=2.0, busy=3.0)
# The lookup of a host's name alone waits 5 seconds for an answer that was lost before it asks again.
COMMAND = Patience(connect=30.0, statement=None, busy=30.0)
