"""Does it live, may it serve, how does it do?"""

from litestar import get
from litestar.datastructures import State
from litestar.response import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..database.migrate import pending
from ..errors import Unavailable


@get("/healthz", public=True, sync_to_thread=False, operation_id="healthz", tags=["health"])
def healthz() -> dict[str, str]:
    """The process answers. It asks no database: restarting the ledger would not mend one."""
    return {"status": "ok"}


@get("/readyz", public=True, operation_id="readyz", tags=["health"])
async def readyz(state: State) -> dict[str, str]:
    """The database answers, and has every migration that this ledger knows; newer ones do no harm. One that was told
    to stop is not ready, and answers on for some seconds."""
    if state.leaving:
        raise Unavailable("This ledger is about to stop.", "Ask it nothing more.")
    if missing := await pending():
        raise Unavailable(f"The database lacks the migrations {', '.join(missing)}.", "Run `waybill-service migrate`.")
    return {"status": "ok"}


@get(
    "/metrics", scope="metrics", media_type="text/plain", sync_to_thread=False, operation_id="metrics", tags=["health"]
)
def metrics() -> Response[bytes]:
    """Prometheus' text form."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8"))
