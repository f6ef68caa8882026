"""Of what and of when delivery figures are asked: a service, an environment or a group of them, and a period."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..domain.event import seconds_of
from ..domain.stages import Stage, members
from ..errors import NotFound, Refused
from . import services
from .environments.state import environment_row
from .match import moment

WEEKS = 13


class FiguresPeriod(NamedTuple):
    """`environment` may be a group; `environments` are those that are counted, None: all. `begins` and `ends` in
    seconds since 1970."""

    service: str | None
    environment: str | None
    environments: tuple[str, ...] | None
    begins: int
    ends: int

    @property
    def is_group(self) -> bool:
        return self.environments not in (None, (self.environment,))

    def query(self) -> dict[str, str]:
        """The parameters that ask for it."""
        given = {"service": self.service, "environment": self.environment}
        told = {"from": f"{moment(self.begins):%Y-%m-%dT%H:%M:%SZ}", "to": f"{moment(self.ends):%Y-%m-%dT%H:%M:%SZ}"}
        return {name: text for name, text in given.items() if text} | told


async def period(
    service: str | None,
    environment: str | None,
    begins: datetime | None,
    ends: datetime | None,
    stages: Sequence[Stage],
) -> FiguresPeriod:
    """In whole seconds; without both ends the last 13 weeks. Raises Refused where it is none, and NotFound where the
    ledger knows nothing of what is named."""
    now = datetime.now(UTC)
    until = ends or now
    since = begins or until - timedelta(weeks=WEEKS)
    first, last = (seconds_of(it) for it in (since, until))
    for name, at in (("to", until), ("from", since)):
        if at > now:
            raise Refused(
                f"{at:%Y-%m-%d %H:%M:%S} UTC has not happened yet.", f"Let `{name}` be a moment that has passed."
            )
    if first < 0:
        raise Refused("The period begins before 1970.", "Let `from` be a later moment.")
    if last <= first:
        raise Refused("The period has no length.", "Let `from` be at least a second before `to`.")
    if service is not None and not await services.exists(service):
        raise NotFound(
            f"No release of {service} was filed, and none arrived or failed to.", "GET /services lists those that did."
        )
    if environment is None:
        return FiguresPeriod(service, None, None, first, last)
    several = members(stages, environment) or (environment,)
    if not [it for it in several if await environment_row(it)]:
        raise NotFound(
            f"Nothing has reported from {environment}.",
            "GET /environments lists those that did; ENVIRONMENTS, a setting of the ledger, names its groups.",
        )
    return FiguresPeriod(service, environment, several, first, last)
