"""The parameters of the API: each declared once, with its form and meaning. Another form is answered with 400.

Litestar takes 2 microseconds for each, 8 for a parameter `state`, which it copies, and 9 for a dependency: the hot
handlers have neither.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from ..domain.event import DIGEST, NAME, VERSION
from ..domain.forms import END
from ..domain.moment import FORM, parse_moment
from ..domain.signature import ENVIRONMENT
from ..errors import Refused
from ..http.parameters import wrong_form
from ..ledger.arrivals.list import CURSOR
from ..ledger.figures_items import NAMES
from ..ledger.history import CURSOR as HISTORY_CURSOR
from ..ledger.history import KINDS, Kind

NUMBER = f"^[0-9]{{1,18}}{END}"
HEX = f"^[0-9a-f]{{4,64}}{END}"
COMMIT = f"^[0-9a-f]{{40}}{END}"
MARK = f"^[0-9a-f]{{16}}{END}"
COUNTED = f"^({'|'.join(NAMES)}){END}"


def whole(form: re.Pattern[str]) -> str:
    return f"^{form.pattern}{END}"


def _moment(name: str, meaning: str) -> QueryParameter:
    return QueryParameter(name=name, schema_extra={"pattern": whole(FORM)}, description=meaning)


def _next(form: str, name: str = "cursor", of: str = "the page before") -> QueryParameter:
    return QueryParameter(name=name, pattern=form, description=f"`next` of {of}.")


EnvironmentName = Annotated[
    str, PathParameter(pattern=whole(ENVIRONMENT), description="All that reports to one `/hooks/flux/{environment}`.")
]
ServiceName = Annotated[str, PathParameter(pattern=whole(NAME), description="The application that is released.")]
Version = Annotated[
    str, PathParameter(pattern=whole(VERSION), description="The chart's version, without build metadata.")
]
Digest = Annotated[str, PathParameter(pattern=whole(DIGEST), description="Of an image, or of a chart's manifest.")]

OfService = Annotated[
    str | None, QueryParameter(name="service", pattern=whole(NAME), description="Only of this service.")
]
WithDigest = Annotated[
    str | None,
    QueryParameter(
        name="digest",
        pattern=whole(DIGEST),
        description="Only with this digest of an image, a chart or published manifests.",
    ),
]
InEnvironment = Annotated[
    str | None,
    QueryParameter(
        name="environment",
        pattern=whole(ENVIRONMENT),
        description="Only in this environment, or those of this group of the setting `ENVIRONMENTS`.",
    ),
]
CountedList = Annotated[str, PathParameter(pattern=COUNTED, description="Which of the lists.")]
OfKind = Annotated[Kind | None, QueryParameter(name="kind", description="Only of this kind.")]
From = Annotated[
    str | None, _moment("from", "Only from this moment on: RFC 3339, or a date, which is its first moment in UTC.")
]
To = Annotated[str | None, _moment("to", "Only before this moment.")]
WithCommit = Annotated[
    str | None, QueryParameter(name="commit", pattern=COMMIT, description="Only if they contain this commit.")
]
CommitName = Annotated[str, PathParameter(pattern=COMMIT, description="Of a source repository, in full.")]
MoreProposals = Annotated[str | None, _next(NUMBER, "proposals", "`proposals`")]
MoreDeliveries = Annotated[str | None, _next(NUMBER, "deliveries", "`deliveries`")]
MorePlaces = Annotated[str | None, _next(NUMBER, "places", "`places`")]
MoreArrivals = Annotated[str | None, _next(whole(CURSOR), "arrivals", "`arrivals`")]
MoreFailures = Annotated[str | None, _next(whole(CURSOR), "failures", "`failures`")]
At = Annotated[
    str | None,
    _moment(
        "at",
        "RFC 3339, or a date, which is its first moment in UTC. What ran then, as it is known today;"
        " without it, what runs now.",
    ),
]
With = Annotated[
    str | None,
    QueryParameter(
        name="with",
        schema_extra={"pattern": whole(ENVIRONMENT)},
        description="The environment to compare with; without it, the same one, at another time.",
    ),
]
WithAt = Annotated[str | None, _moment("with_at", "As `at`, for the environment to compare with.")]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=200, description="The most items that an answer holds.")]
NumberCursor = Annotated[str | None, _next(NUMBER)]
ArrivalCursor = Annotated[str | None, _next(whole(CURSOR))]
NameCursor = Annotated[str | None, _next(whole(NAME))]
HistoryCursor = Annotated[str | None, _next(whole(HISTORY_CURSOR))]

ToArrive = Annotated[
    str, QueryParameter(name="environment", pattern=whole(ENVIRONMENT), description="Where it is to arrive.")
]
HeldSeconds = Annotated[
    int, QueryParameter(ge=0, le=30, description="How long to hold the answer while the outcome is `waiting`.")
]

SeenAnswer = Annotated[
    str | None,
    QueryParameter(
        name="seen", pattern=MARK, description="`mark` of the answer before: hold only while it stays the same."
    ),
]

# What a form is in words: nobody is helped by a regular expression.
WORDS = {
    whole(ENVIRONMENT): "it must be the name of an environment: lower-case letters, digits and dashes, at most 63",
    whole(NAME): "it must be the name of a service: lower-case letters, digits, dashes and dots",
    whole(VERSION): "it must be a version, as 1.4.2",
    whole(DIGEST): "it must be a digest: sha256: and 64 hexadecimal digits",
    whole(CURSOR): "it must be what `next` of the page before says",
    whole(HISTORY_CURSOR): "it must be what `next` of the page before says",
    COUNTED: f"it must be one of {', '.join(NAMES)}",
    HEX: "it must be 4 to 64 hexadecimal digits",
    COMMIT: "it must be a commit: 40 hexadecimal digits",
    MARK: "it must be what `mark` of the answer before says",
    NUMBER: "it must be what `next` of the page before says",
}


LIMIT = re.compile(r"Expected `int`(?:( (>=|<=) ([0-9]+))|, got .*)")
MISSING = re.compile(r"Missing required \w+ parameter '([^']+)' for ")


def in_words(message: str) -> str:
    """What is wrong with a parameter, from what msgspec says of it."""
    if message.startswith("Invalid enum value"):
        return f"it must be one of {', '.join(KINDS)}"
    if limit := LIMIT.fullmatch(message):
        bound = f", {'at least' if limit[2] == '>=' else 'at most'} {limit[3]}" if limit[1] else ""
        return f"it must be a whole number{bound}"
    return next((words for form, words in WORDS.items() if message.endswith(repr(form))), message)


def missing_in(detail: str) -> list[str]:
    """The parameter that Litestar says that the request lacks."""
    found = MISSING.match(detail)
    return [f"{found[1]}: it is missing"] if found else []


AHEAD = timedelta(minutes=1)  # by which a client's clock may be


def past_moment_in(name: str, text: str | None) -> datetime | None:
    """As `moment_in`; what has not happened yet is refused."""
    moment = moment_in(name, text)
    if moment and moment > datetime.now(UTC) + AHEAD:
        raise Refused(f"{text} has not happened yet.", f"Give `{name}` a moment that has passed, or leave it out.")
    return moment


def moment_in(name: str, text: str | None) -> datetime | None:
    """Of the parameter `name`, if it was given."""
    try:
        return None if text is None else parse_moment(text)
    except ValueError as error:
        raise wrong_form(f"{name}: {error}") from None
