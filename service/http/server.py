"""The web server: uvicorn with its settings."""

import asyncio
import gc
import resource
import signal
import sys
from contextlib import suppress

import uvicorn
from litestar import Litestar

from ..database.lifespan import check, opened
from ..settings import Settings
from .connections import CONNECTIONS, BoundedConnection
from .drain import DrainingServer

OTHER_FILES = 64  # that the process has open beside its connections


def serve(app: Litestar, settings: Settings) -> bool:
    """Returns when the server was stopped; False: it could not start.

    Raises the error of a database that cannot be used.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises the signal again after it has stopped
    # The objects that exist now stay. The garbage collector would look through them several times a minute, and
    # nothing is answered during the 50 ms that this takes. It compares with what it saw last: that is nothing, so what
    # requests leave behind is soon found.
    gc.freeze()
    gc.enable()
    gc.collect()
    BoundedConnection.most = min(CONNECTIONS, _open_files() - OTHER_FILES)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # neither the peer's address nor the scheme is asked for
        ws="none",
        http=BoundedConnection,
        timeout_graceful_shutdown=10,
    )
    server = DrainingServer(config, app.state, settings.drain_seconds)
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(server, settings))
    return server.started


async def _serve(server: uvicorn.Server, settings: Settings) -> None:
    async with opened(settings.database_url, settings.database_pooler) as engine:
        await check(engine)
        await server.serve()


def _open_files() -> int:
    """How many files the process may have open: as many as it may allow itself, and as all limits together need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft
