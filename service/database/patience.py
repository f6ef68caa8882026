"""How long the database may take: a request is answered in seconds, a command would only be begun again."""

from typing import NamedTuple


class Patience(NamedTuple):
    """In seconds. `connect`: until PostgreSQL gives a connection, of all its hosts together. `statement`: for one of
    PostgreSQL's; None: any time. `busy`: while another program holds the lock with which one writes to SQLite."""

    connect: float
    statement: float | None
    busy: float


# Together less than the time that a request has (http/limits.py), so that each ends by itself.
REQUEST = Patience(connect=1.5, statement=2.0, busy=3.0)
# The lookup of a name is tried again after 5 seconds; a rebuild of a large place holds SQLite's lock for some 10.
COMMAND = Patience(connect=30.0, statement=30.0, busy=30.0)
LONG_COMMAND = COMMAND._replace(statement=None)
