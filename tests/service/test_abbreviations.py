"""Some hex digits are enough to find what they are short for, and what they may also be short for."""

import pytest

from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio
IMAGE, CHART, COMMIT, TAGGED, CHANGE = "a1", "a1b2", "a1b2c3", "d4e5f6", "d4e5f6aa"


def whole(digits: str, length: int = 64) -> str:
    return digits.ljust(length, "0")


async def filed(ledger: Served) -> None:
    changes = [{"commit": whole(CHANGE, 40), "subject": "a change"}]
    await ledger.file(
        document(
            image={"digest": f"sha256:{whole(IMAGE)}"},
            chart={"digest": f"sha256:{whole(CHART)}"},
            source={
                "commit": whole(COMMIT, 40),
                "release_commit": whole(TAGGED, 40),
                "since": "1.0.0",
                "changes": changes,
                "changes_left_out": 0,
            },
        )
    )


@pytest.mark.parametrize(
    ("digits", "names"),
    [
        ("a1b2c30", [("commit", whole(COMMIT, 40))]),
        ("a1b200", [("chart", f"sha256:{whole(CHART)}")]),
        ("a100", [("image", f"sha256:{whole(IMAGE)}")]),
        ("d4e5f60", [("commit", whole(TAGGED, 40))]),
        ("d4e5", [("commit", whole(TAGGED, 40)), ("commit", whole(CHANGE, 40))]),
        ("a1b2", [("commit", whole(COMMIT, 40)), ("chart", f"sha256:{whole(CHART)}")]),
        (whole(IMAGE), [("image", f"sha256:{whole(IMAGE)}")]),
        ("ffff", []),
    ],
)
async def test_what_is_filed_is_found_by_its_first_digits(
    ledger: Served, digits: str, names: list[tuple[str, str]]
) -> None:
    await filed(ledger)
    found = (await ledger.get(f"/abbreviations/{digits}"))["items"]
    assert [(it["kind"], it["name"]) for it in found] == names


async def test_what_was_only_seen_is_found_too(ledger: Served) -> None:
    await ledger.say(event(metadata={"revision": "1.4.2", "oci-digest": f"sha256:{whole('beef')}"}))
    found = (await ledger.get("/abbreviations/beef"))["items"]
    assert found == [{"kind": "chart", "name": f"sha256:{whole('beef')}"}]


async def test_of_many_some_are_given(ledger: Served) -> None:
    for number in range(9):
        await ledger.file(document(version=f"1.0.{number}", source={"commit": f"cafe{number}".ljust(40, "0")}))
    found = (await ledger.get("/abbreviations/cafe"))["items"]
    assert [it["name"][:5] for it in found] == [f"cafe{number}" for number in range(5)]


@pytest.mark.parametrize("text", ["abc", "sha256:abcd", "ABCD", "xyzw", "a" * 65])
async def test_what_is_no_abbreviation_is_refused(ledger: Served, text: str) -> None:
    await ledger.get(f"/abbreviations/{text}", 400)
