"""The parameters of the API: each declared once, with its form and meaning. Another form is answered with 400."""

import re
from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from ..domain.event import DIGEST, NAME, VERSION
from ..domain.signature import ENVIRONMENT
from ..ledger.arrivals.list import CURSOR


def _whole(form: re.Pattern[str]) -> str:
    return f"^{form.pattern}$"


EnvironmentName = Annotated[
    str, PathParameter(pattern=_whole(ENVIRONMENT), description="All that reports to one `/hooks/flux/{environment}`.")
]
ServiceName = Annotated[str, PathParameter(pattern=_whole(NAME), description="The application that is released.")]
Version = Annotated[
    str, PathParameter(pattern=_whole(VERSION), description="The chart's version, without build metadata.")
]
Digest = Annotated[str, PathParameter(pattern=_whole(DIGEST), description="Of an image, or of a chart's manifest.")]

OfService = Annotated[
    str | None, QueryParameter(name="service", pattern=_whole(NAME), description="Only of this service.")
]
WithDigest = Annotated[
    str | None,
    QueryParameter(name="digest", pattern=_whole(DIGEST), description="Only with this image or chart digest."),
]
At = Annotated[
    str | None,
    QueryParameter(
        name="at",
        pattern=r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$",
        schema_extra={"format": "date-time"},
        description="RFC 3339. What ran then, as it is known today; without it, what runs now.",
    ),
]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=200, description="The most items that an answer holds.")]
NumberCursor = Annotated[
    str | None, QueryParameter(name="cursor", pattern=r"^[0-9]{1,18}$", description="`next` of the page before.")
]
ArrivalCursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        pattern=_whole(CURSOR),
        description="`next` of the page before.",
    ),
]
