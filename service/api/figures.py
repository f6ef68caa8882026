"""Delivery figures of a period, and what they count."""

from litestar import get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from ..ledger.figures import DeliveryFigures, delivery_figures
from ..ledger.figures_items import CountedItem, counted_page
from ..ledger.figures_period import FiguresPeriod, period
from ..ledger.page import Page
from .parameters import CountedList, From, InEnvironment, Limit, NumberCursor, OfService, To, moment_in


async def _asked(
    state: State, service: OfService = None, environment: InEnvironment = None, begins: From = None, ends: To = None
) -> FiguresPeriod:
    stages = state.settings.environments
    return await period(service, environment, moment_in("from", begins), moment_in("to", ends), stages)


ASKED = {"asked": Provide(_asked)}


@get("/figures", scope="read", dependencies=ASKED, refuses=[404], operation_id="get_figures", tags=["figures"])
async def get_figures(state: State, asked: NamedDependency[FiguresPeriod]) -> DeliveryFigures:
    """Deployments a week, lead time, change fail rate, recovery time and rework rate; without `from` and `to` of the
    last 13 weeks. Each says what it counts, and how many; where there is nothing to count it is null."""
    return await delivery_figures(asked, state.settings.silent_after)


@get(
    "/figures/{name:str}",
    scope="read",
    dependencies=ASKED,
    refuses=[404],
    operation_id="list_counted",
    tags=["figures"],
)
async def list_counted(
    name: CountedList, asked: NamedDependency[FiguresPeriod], cursor: NumberCursor = None, limit: Limit = 50
) -> Page[CountedItem]:
    """What a figure of a period counts, newest first: `url`, `of_url` and `left_url` of GET /figures lead here."""
    return await counted_page(name, asked, cursor, limit)
