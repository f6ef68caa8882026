"""Both halves agree on the waybill: what one writes the other files; neither knows a field that the other has not."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from scripts import document, settings
from scripts.errors import Refused
from service.domain import parse as ledger
from service.domain.forms import is_label
from service.http.limits import BODY_BYTES

SCHEMA = Path(__file__).resolve().parents[2] / "service" / "waybill.schema.json"
DIGEST, COMMIT = f"sha256:{'a' * 64}", "c" * 40
# What bump does not know yet, or what may stay open, is optional for the tool and needed for the ledger.
ADDED_ON_THE_WAY = {
    "Waybill": {"waybill", "chart"},
    "Source": {"release_commit", "tag"},
    "Chart": {"repository", "archive", "digest"},
}


def bare(node: Any) -> Any:
    """A JSON Schema without what is for people, and without which fields are required."""
    if isinstance(node, list):
        return [bare(it) for it in node]
    if not isinstance(node, dict):
        return node
    words = ("description", "title", "required", "default", "const", "enum", "format")
    return {key: bare(value) for key, value in node.items() if key not in words or isinstance(value, dict)}


def finished(**more: Any) -> document.Waybill:
    return document.Waybill(
        **{
            "service": "orders",
            "images": (
                document.Image(
                    name="orders",
                    repository="ghcr.io/acme/orders",
                    digest=DIGEST,
                    manifests={"linux/arm/v7": DIGEST, "linux/amd64": DIGEST},
                    checked=True,
                ),
            ),
            "source": document.Source(
                repository="https://github.com/acme/orders",
                commit=COMMIT,
                committed_at="2026-01-02T03:04:05Z",
                release_commit=COMMIT,
                tag="orders-1.4.2-rc.1",
            ),
            "chart": document.Chart(
                name="orders",
                version="1.4.2-rc.1",
                app_version="",
                repository="oci://ghcr.io/acme/charts",
                archive=DIGEST,
                digest=DIGEST,
            ),
            "gitops": document.Gitops(
                repository="https://github.com/acme/fleet",
                branch="apps/orders",
                commit=COMMIT,
                places=(document.Destination(environment="staging", place="apps/orders"),),
                kind="ship",
                proposal=document.PullRequest(url="https://github.com/acme/fleet/pull/7", number=7),
            ),
            "by": document.By(run="https://github.com/acme/orders/actions/runs/7"),
        }
        | more
    )


def test_they_know_the_same_fields_in_the_same_forms() -> None:
    tool = msgspec.json.schema(document.Waybill)["$defs"]
    published = json.loads(SCHEMA.read_bytes())["$defs"]
    assert bare(tool) == bare(published)
    for name, part in published.items():
        assert set(part["required"]) - set(tool[name]["required"]) == ADDED_ON_THE_WAY.get(name, set())
        assert set(tool[name]["required"]) <= set(part["required"])


@pytest.mark.parametrize("more", [{}, {"gitops": msgspec.UNSET}], ids=["proposed", "not-proposed"])
def test_what_the_release_tool_writes_the_ledger_files(tmp_path: Path, more: dict[str, Any]) -> None:
    file = tmp_path / "orders.json"
    document.save(file, finished(**more))
    filed, kept = ledger.parse(file.read_bytes())
    assert filed.source.tag == "orders-1.4.2-rc.1"
    assert json.loads(kept) == json.loads(file.read_bytes())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(json.loads(file.read_bytes()))
    assert document.load(file) == finished(**more)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("by", "run", "job 7"),
        ("by", "run", "javascript:alert(1)"),
        ("source", "repository", 'a"b'),
        ("source", "tag", ""),
        ("chart", "app_version", "1\n2"),
        ("chart", "version", "1.4.2+build"),
        ("gitops", "replaces", "1.4"),
        ("gitops", "kind", "revert"),
    ],
)
def test_what_the_ledger_would_not_file_is_refused_before_it_is_written(
    tmp_path: Path, part: str, field: str, value: str
) -> None:
    whole = finished()
    wrong = msgspec.structs.replace(whole, **{part: msgspec.structs.replace(getattr(whole, part), **{field: value})})
    with pytest.raises(ledger.InvalidWaybill):
        ledger.parse(msgspec.json.encode(wrong))
    with pytest.raises(Refused, match=rf"{part}\.{field}"):
        document.save(tmp_path / "orders.json", wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_waybill_that_is_too_large_for_the_ledger_is_refused_before_it_is_written(tmp_path: Path) -> None:
    platforms = {f"windows({10}.0.{number}.{'9' * 40})/amd64": DIGEST for number in range(64)}
    [image] = finished().images
    images = tuple(msgspec.structs.replace(image, name=f"i{number}", manifests=platforms) for number in range(64))
    large = finished(images=images)
    assert len(msgspec.json.encode(large)) > document.LARGEST == BODY_BYTES
    with pytest.raises(Refused, match="and a ledger takes 262,144"):
        document.save(tmp_path / "orders.json", large)
    assert list(tmp_path.iterdir()) == []


def form(annotated: Any) -> str:
    """The regular expression of a config type, for hypothesis to draw from."""
    (meta,) = annotated.__metadata__
    return str(meta.pattern)


@given(st.from_regex(form(settings.Service), fullmatch=True))
def test_a_service_that_the_settings_take_can_be_filed(name: str) -> None:
    assert is_label(name)


@given(st.from_regex(form(settings.Label), fullmatch=True))
def test_an_environment_that_the_settings_take_can_be_filed(name: str) -> None:
    whole = finished()
    part = msgspec.structs.replace(whole.gitops, places=(document.Destination(name, None),))
    ledger.parse(msgspec.json.encode(msgspec.structs.replace(whole, gitops=part)))


@given(st.from_regex(document.Version.__metadata__[0].pattern, fullmatch=True).filter(lambda it: len(it) <= 128))
def test_a_version_is_semver_and_reads_back_as_it_was(version: str) -> None:
    assert str(semver.Version.parse(version)) == version


@given(
    st.builds(
        semver.Version,
        *[st.integers(0, 10**9)] * 3,
        prerelease=st.none() | st.from_regex(r"[0-9A-Za-z-]{1,9}(\.[0-9A-Za-z-]{1,9}){0,3}", fullmatch=True),
    ).filter(lambda it: semver.Version.is_valid(str(it)))
)
def test_every_semver_without_build_can_be_filed(version: semver.Version) -> None:
    whole = finished()
    chart = msgspec.structs.replace(whole.chart, version=str(version))
    ledger.parse(msgspec.json.encode(msgspec.structs.replace(whole, chart=chart)))
