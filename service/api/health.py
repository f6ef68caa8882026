"""For Kubernetes and Prometheus: liveness, readiness, metrics."""

from litestar import get
from litestar.datastructures import State
from litestar.response import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..database.migrate import pending
from ..database.piccolo_conf import current
from ..database.readiness import hindrance
from ..errors import Unavailable
from ..ledger.environments.gauges import gauges


@get("/healthz", public=True, sync_to_thread=False, operation_id="healthz", tags=["health"])
def healthz() -> dict[str, str]:
    """Liveness: the process answers. The database is not asked, since a restart of the ledger would not repair it."""
    return {"status": "ok"}


@get("/readyz", public=True, operation_id="readyz", tags=["health"])
async def readyz(state: State) -> dict[str, str]:
    """Readiness: the database would keep what is sent now, and has every migration that this ledger knows; it may have
    newer ones. While it drains, the ledger is not ready and still answers."""
    if state.draining:
        raise Unavailable("This ledger is about to stop.", "Send requests to another one.")
    if missing := await pending():
        raise Unavailable(f"The database lacks the migrations {', '.join(missing)}.", "Run `waybill-service migrate`.")
    if hindered := await hindrance(current()):
        raise Unavailable(hindered, "Repair the database; what the ledger acknowledged may then have to be sent again.")
    return {"status": "ok"}


@get("/metrics", scope="metrics", media_type="text/plain", operation_id="metrics", tags=["health"])
async def metrics(state: State) -> Response[bytes]:
    """Metrics in the text format of Prometheus: of this process, and of what the environments are like."""
    text = generate_latest() + generate_latest(await gauges(state.settings.silent_after))
    return Response(text, media_type=CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8"))
