"""Where an image, a chart or a release runs, or ran."""

from typing import Any, NamedTuple

from msgspec import Struct

from ..clients.ledger import Ledger, older_ledger
from ..errors import Refused
from ..releases.current import told
from ..report import Cell
from .ledger import Arrival, Page, States, answers, items, pages, path, states
from .words import Line, columns, when

HEAD = tuple(map(Cell, ("ENVIRONMENT", "PLACE", "FROM", "UNTIL")))


class FiledImage(Struct, frozen=True):
    repository: str
    digest: str


class Filed(Struct, frozen=True):
    """A filed release, with what was proposed for it."""

    service: str
    images: list[FiledImage]
    chart: dict[str, Any]
    proposals: dict[str, Any] = {}
    arrivals: dict[str, Any] = {}

    @property
    def version(self) -> str:
        return str(self.chart["version"])

    @property
    def proposed(self) -> list[str]:
        """Environments, in the order of the proposals."""
        named = [place["environment"] for it in self.proposals.get("items", ()) for place in it.get("places", ())]
        return [*dict.fromkeys(named)]


class OfDigest(Struct, frozen=True):
    kind: str


class WholeName(Struct, frozen=True):
    """As an item of `GET /abbreviations/{digits}`; `kind`: image, chart, commit, or digest where that was not asked."""

    kind: str
    name: str


class Found(NamedTuple):
    """`title` says what was asked for. `missing`: environments that it was proposed for and has not arrived in."""

    title: list[str]
    arrivals: list[Arrival]
    missing: list[str]
    states: States

    @property
    def runs(self) -> bool:
        return any(it.until is None for it in self.arrivals)

    @property
    def lines(self) -> list[Line]:
        rows: list[Line] = [
            [Cell(it.environment), Cell(it.place), Cell(when(it.from_, seconds=True)), self._until(it)]
            for it in self.arrivals
        ]
        rows += [[Cell(it), Cell("not arrived", "yellow")] for it in self.missing]
        return [[Cell(it)] for it in self.title] + (columns([HEAD, *rows]) if rows else [[Cell("It never arrived.")]])

    def _until(self, it: Arrival) -> Cell:
        if it.until:
            return Cell(when(it.until, seconds=True))
        if silent := self.states.silent.get(it.environment):
            # Flux may tell of one that began after its observer was heard last.
            return Cell(f"not known, ran when last heard {when(max(silent, it.from_))}", "yellow")
        if not self.states.is_certain(it.environment, it.place):
            return Cell("not certain, parts of another may run", "yellow")
        return Cell("runs")


def whole(ledger: Ledger, text: str) -> WholeName:
    """The digest or the commit that begins with `text`, digits of it, before which a digest may have `sha256:`; refused
    where that is none, or several."""
    digits = text.removeprefix("sha256:")
    if len(digits) == 64:
        return WholeName("digest", f"sha256:{digits}")
    if len(text) == 40 and text == digits:
        return WholeName("commit", text)
    answer = ledger.get(path("abbreviations", digits))
    if answer is None:
        raise older_ledger("it knows whole digests and commits alone")
    found = [told(it, WholeName) for it in told(answer, Page).items]
    if not found:
        raise Refused(f"The ledger knows no digest and no commit that begins with {digits}.", "Check it.", fault="you")
    if len({it.name for it in found}) > 1:
        raise Refused(
            f"{digits} may be short for {', '.join(f'{it.kind} {it.name}' for it in found)}.",
            "Give more of its digits.",
            fault="you",
        )
    return found[0]


def of_release(ledger: Ledger, service: str, version: str) -> Found:
    answer = ledger.get(path("releases", service, version))
    filed = told(answer, Filed) if answer else None
    arrivals = _arrivals_of(ledger, filed, service, version)
    if filed is None and not arrivals:
        raise Refused(
            f"No release {version} of {service} was filed, and none has arrived.",
            "Correct the service or the version; a version has no build metadata and no `v` before it.",
            fault="you",
        )
    files = filed is None and ledger.get(path("releases", service=service, limit="1"))
    title = [f"{service} {version}" + (" was never filed" if files and files["items"] else "")]
    title += [f"image {it.digest} of {it.repository}" for it in (filed.images if filed else ())]
    arrived = {it.environment for it in arrivals}
    return _found(ledger, title, arrivals, [it for it in (filed.proposed if filed else ()) if it not in arrived])


def of_digest(ledger: Ledger, digest: str) -> Found:
    """`digest`: of an image, of a platform's manifest of it, or of a chart's manifest."""
    answered = [*answers(ledger, "digests", digest)]
    if not answered:
        raise Refused(
            f"No release with the digest {digest} was filed, and nothing with it was seen running.",
            "Check the digest: it is that of an image or of a chart's manifest, sha256: and 64 hex digits.",
            fault="you",
        )
    filed = [told(it, Filed) for it in pages(ledger, "releases", digest=digest)]
    title = [f"{told(answered[0], OfDigest).kind} {digest}", *(f"is of {it.service} {it.version}" for it in filed)]
    if not filed:
        title.append("is of no filed release; it was seen where these ran:")
    return _found(ledger, title, [told(it, Arrival) for it in items(answered)], [])


def _arrivals_of(ledger: Ledger, filed: Filed | None, service: str, version: str) -> list[Arrival]:
    """From the release's own answer, where it holds all of them."""
    own = told(filed.arrivals, Page) if filed and filed.arrivals else None
    found = own.items if own and own.next is None else pages(ledger, "services", service)
    return [it for it in (told(each, Arrival) for each in found) if it.release.version == version]


def _found(ledger: Ledger, title: list[str], arrivals: list[Arrival], missing: list[str]) -> Found:
    return Found(title, arrivals, missing, states(ledger, (it.environment for it in arrivals if it.until is None)))
