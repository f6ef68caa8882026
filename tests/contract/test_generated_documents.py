"""Both parsers take the same documents, drawn from the schema's own forms and bent a little."""

import json
from datetime import datetime
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import document
from service.api.schema import WAYBILL
from service.domain import parse as ledger
from service.domain.forms import CONTROL

pytestmark = pytest.mark.long

SCHEMA = jsonschema.Draft202012Validator(json.loads(WAYBILL))
DIGESTS = st.from_regex(r"sha256:[a-f0-9]{64}", fullmatch=True)
COMMITS = st.from_regex(r"[a-f0-9]{40}", fullmatch=True)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}(-rc\.[1-9])?", fullmatch=True)
LINES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters='"\\'), min_size=1, max_size=40
)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
PAGES = st.from_regex(r"https://[a-z]{1,9}\.example/[a-z0-9/?=&-]{0,20}", fullmatch=True)
PLATFORMS = st.sampled_from(["linux/amd64", "linux/arm64/v8", "windows(10.0.20348.169)/amd64", "linux/amd64#2"])


def with_some(needed: dict[str, Any], optional: dict[str, Any]) -> Any:
    return st.fixed_dictionaries(needed, optional=optional)


IMAGES = with_some(
    {
        "name": LABELS,
        "repository": LINES,
        "digest": DIGESTS,
        "manifests": st.dictionaries(PLATFORMS, DIGESTS, max_size=4),
        "checked": st.booleans(),
    },
    {"verified": st.fixed_dictionaries({"by": LINES, "predicate": LINES})},
)
CHANGES = with_some({"commit": COMMITS, "subject": WORDS}, {"author": WORDS})
SOURCES = with_some(
    {
        "repository": LINES,
        "commit": COMMITS,
        "committed_at": st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map("{:%Y-%m-%dT%H:%M:%SZ}".format),
        "release_commit": COMMITS,
        "tag": LINES,
    },
    {"since": VERSIONS, "changes": st.lists(CHANGES, max_size=3), "changes_left_out": st.integers(0, 9999)},
)
PLACES = with_some({"environment": LABELS, "place": st.none() | st.just("apps/orders")}, {"overridden": st.booleans()})
GITOPS = with_some(
    {"repository": LINES, "branch": LINES, "commit": COMMITS, "places": st.lists(PLACES, min_size=1, max_size=3)},
    {
        "replaces": VERSIONS,
        "kind": st.sampled_from(["ship", "promote", "rollback"]),
        "reason": WORDS,
        "proposal": with_some({"url": PAGES}, {"number": st.integers(0, 99)}),
    },
)


@st.composite
def waybills(draw: st.DrawFn) -> dict[str, Any]:
    service = draw(LABELS)
    chart = {
        "name": service,
        "version": draw(VERSIONS),
        "app_version": draw(st.just("") | LINES),
        "archive": draw(DIGESTS),
        "repository": draw(LINES),
        "digest": draw(DIGESTS),
    }
    images = draw(st.lists(IMAGES, min_size=1, max_size=3, unique_by=lambda it: it["name"]))
    whole = {"waybill": 2, "service": service, "images": images, "source": draw(SOURCES), "chart": chart}
    artifact = st.fixed_dictionaries({"repository": LINES, "digest": DIGESTS, "revision": LINES})
    by = with_some({}, {"actor": LINES, "run": PAGES})
    return whole | draw(with_some({}, {"gitops": GITOPS, "artifact": artifact, "by": by}))


def bent(whole: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    whole = json.loads(json.dumps(whole))
    part: Any = whole
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return whole


def leaves(value: Any, *path: Any) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [it for key, part in value.items() for it in [(*path, key), *leaves(part, *path, key)]]
    if isinstance(value, list):
        return [it for number, part in enumerate(value) for it in leaves(part, *path, number)]
    return []


def takes(parse: Any, body: bytes) -> bool:
    try:
        parse(body)
    except (ledger.InvalidWaybill, msgspec.MsgspecError, UnicodeError):
        return False
    return True


@given(waybills())
def test_what_fits_the_schema_both_take_and_the_ledger_keeps_it(whole: dict[str, Any]) -> None:
    body = json.dumps(whole).encode()
    SCHEMA.validate(whole)
    document.parse(body)
    _, kept = ledger.parse(body)
    cleaned = json.loads(body)
    for part in [*cleaned["source"].get("changes", []), cleaned.get("gitops", {})]:
        part.update({key: CONTROL.sub(" ", part[key]) for key in ("subject", "author", "reason") if key in part})
    assert json.loads(kept) == cleaned
    assert ledger.parse(kept)[1] == kept
    assert msgspec.json.encode(document.parse(kept)) == msgspec.json.encode(
        document.parse(json.dumps(cleaned).encode())
    )


@given(waybills(), st.data())
def test_a_field_of_another_form_both_refuse_or_both_take(whole: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(leaves(whole)))
    odd = st.sampled_from([None, 1, -1, True, "", "x", "a\nb", 'a"b', "x" * 501, [], {}, {"x": 1}, ["x"]]) | st.text(
        max_size=9
    )
    body = json.dumps(bent(whole, path, data.draw(odd))).encode()
    assert takes(document.parse, body) == takes(ledger.parse, body), path


@given(waybills(), st.data())
def test_a_key_twice_is_refused_wherever_it_is(whole: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([it for it in leaves(whole) if isinstance(it[-1], str)]))
    name = json.dumps(path[-1])
    mark = "\u0001twice"
    text = json.dumps(bent(whole, (*path[:-1], mark), 0))
    twice = text.replace(f"{json.dumps(mark)}: 0", f"{name}: 0")
    assert not takes(ledger.parse, twice.encode())
