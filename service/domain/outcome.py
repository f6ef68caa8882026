"""Whether a release has arrived in an environment, from what was proposed and how its places stand.

A later proposal takes over from an earlier one: the pull request of a service is one branch, so the version that it
proposed before can then not arrive any more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

Outcome = Literal["waiting", "healthy", "failed", "superseded", "unknown"]


class ProposedVersion(Struct, frozen=True):
    """What was proposed for an environment at `at`, in seconds since 1970; `filed`, by which filings are sorted, is the
    same for all of one. `place` null: it was not known then. `replaces`: the version that the same pull request
    proposed before."""

    version: str
    at: int
    filed: str
    place: str | None = None
    replaces: str | None = None
    url: str | None = None


class AwaitedPlace(Struct, frozen=True):
    """How a place stands. `version` is what runs, null: nothing. `failures`: how often the awaited version failed there
    since it was proposed; `tries`: after so many Flux gives up, null: that is not known. `given_up`: Flux tries no
    more. `left`: the awaited version ran there after it was proposed, and does so no more. `silent_since`: nothing that
    would tell how it stands was heard since then."""

    place: str
    version: str | None
    health: str
    cause: str | None = None
    certain: bool = True
    mismatched: bool = False
    failures: int = 0
    tries: int | None = None
    given_up: bool = False
    left: bool = False
    silent_since: datetime | None = None


class Awaited(Struct, frozen=True):
    """`cause`: why, in words for people; `proposal`: the address of the pull request; `mark`: another answer has
    another, see `seen`."""

    outcome: Outcome
    cause: str
    places: list[AwaitedPlace]
    proposal: str | None = None
    mark: str = ""


def awaited(
    version: str, proposed: Sequence[ProposedVersion], places: Sequence[AwaitedPlace], silent: datetime | None
) -> Awaited:
    """`proposed`: for this environment, newest first. `places`: all of the service there. `silent`: since when nothing
    was heard of the environment."""
    own = [it for it in proposed if it.version == version]
    newest = own[0] if own else None
    named = {it.place for it in own if newest and it.filed == newest.filed}
    here = [it for it in places if None in named or not named or it.place in named]
    missing = sorted(name for name in named if name and all(it.place != name for it in here))
    later = {it.version for it in proposed if newest and it.filed > newest.filed} - {version}

    def result(outcome: Outcome, cause: str) -> Awaited:
        return Awaited(outcome, cause, list(here), newest.url if newest else None)

    if here and not missing and all(_healthy(it, version) for it in here):
        return result("healthy", f"{version} is healthy in {_names(here)}")
    if silent:
        return result("unknown", f"the environment is silent since {_written(silent)}")
    if missed := [it for it in here if it.silent_since]:
        return result("unknown", f"nobody looked at {missed[0].place} since {_written(missed[0].silent_since)}")
    if gone := [it for it in here if it.version != version and (it.version in later or it.left)]:
        return result("superseded", f"{gone[0].version or 'nothing'} runs in {gone[0].place} now")
    if failed := [it for it in here if _failed(it, version)]:
        return result("failed", f"{failed[0].place}: {failed[0].cause or 'it failed'}; {_now(failed[0])}")
    if replaced := [it for it in proposed if newest and it.filed >= newest.filed and it.replaces == version]:
        return result("superseded", f"the pull request proposes {replaced[0].version} now")
    return result("waiting", _waits_for(here, missing, version, newest))


def _written(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _healthy(it: AwaitedPlace, version: str) -> bool:
    return it.version == version and it.health == "healthy" and it.certain and not it.mismatched


def _failed(it: AwaitedPlace, version: str) -> bool:
    gave_up = it.given_up or (it.tries is not None and it.failures >= it.tries)
    return it.failures > 0 and gave_up and not _healthy(it, version)


def _now(it: AwaitedPlace) -> str:
    if it.version and not it.certain:
        return f"Flux gave up, and what runs is not certain: {it.version}, or parts of both"
    return f"Flux gave up, {it.version or 'nothing'} runs"


def _waits_for(
    here: Sequence[AwaitedPlace], missing: Sequence[str], version: str, newest: ProposedVersion | None
) -> str:
    told = [_stands(it, version) for it in here if not _healthy(it, version)]
    told += [f"{name}: nothing of it was reported yet" for name in missing]
    if told:
        return "; ".join(told)
    return "it was proposed, and Flux reported nothing of it yet" if newest else "it was not proposed here"


def _stands(it: AwaitedPlace, version: str) -> str:
    if it.failures:
        of = f" of {it.tries}" if it.tries else ""
        return f"{it.place}: try {it.failures}{of} failed ({it.cause or 'no cause was told'}), Flux may try again"
    if it.version != version:
        return f"{it.place}: {it.version or 'nothing'} runs"
    if it.mismatched:
        return f"{it.place}: what runs is not what was released"
    return f"{it.place}: its health is {it.health}" + (f" ({it.cause})" if it.cause else "")


def _names(here: Sequence[AwaitedPlace]) -> str:
    return here[0].place if len(here) == 1 else f"all {len(here)} places"
