"""Delivery figures of a period."""

from datetime import UTC, datetime, timedelta

from litestar import get
from litestar.datastructures import State

from ..errors import NotFound, Refused
from ..ledger import figures, services
from ..ledger.environments.state import environment_row
from ..ledger.figures import DeliveryFigures
from .parameters import From, InEnvironment, OfService, To, moment_in

WEEKS = 13


@get("/figures", scope="read", refuses=[404], operation_id="get_figures", tags=["figures"])
async def get_figures(
    state: State, service: OfService = None, environment: InEnvironment = None, begins: From = None, ends: To = None
) -> DeliveryFigures:
    """Deployments a week, lead time, change fail rate, recovery time and rework rate; without `from` and `to` of the
    last 13 weeks. Each says what it counts, and how many; where there is nothing to count it is null."""
    now = datetime.now(UTC).replace(microsecond=0)
    until = moment_in("to", ends) or now
    since = moment_in("from", begins) or until - timedelta(weeks=WEEKS)
    if until > now:
        raise Refused(f"{ends} has not happened yet.", "Give `to` a moment that has passed, or leave it out.")
    if (until - since) < timedelta(seconds=1):
        raise Refused("The period has no length.", "Let `from` be at least a second before `to`.")
    if service is not None and not await services.exists(service):
        raise NotFound(f"No release of {service} was filed, and none arrived.", "GET /services lists those that did.")
    if environment is not None and not await environment_row(environment):
        raise NotFound(f"Nothing has reported from {environment}.", "GET /environments lists those that did.")
    return await figures.delivery_figures(service, environment, since, until, state.settings.silent_after)
