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
# A name is looked up again after 5 seconds; a standby takes over in some 10; as long may a rebuild hold SQLite's lock.
COMMAND = Patience(connect=30.0, statement=30.0, busy=30.0)
LONG_COMMAND = COMMAND._replace(statement=None)
