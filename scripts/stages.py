"""The stages of promotion: environments one after the other, some of them in a group that is one stage."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from .errors import Refused
from .settings import Label

EXAMPLE = 'environments = ["staging", "production = production-eu + production-us"]'


class Stage(Struct, frozen=True):
    """`name` is the group's, or that of the only environment."""

    name: str
    environments: tuple[str, ...]


def stages(entries: Iterable[str]) -> tuple[Stage, ...]:
    """What the setting `environments` says, entry by entry: `NAME`, or `GROUP = NAME + NAME`."""
    found: list[Stage] = []
    taken: set[str] = set()
    for entry in entries:
        name, is_group, members = (part.strip() for part in entry.partition("="))
        names = tuple(map(str.strip, members.split("+"))) if is_group else (name,)
        for word in [*names, name] if is_group else names:
            _refuse_wrong(word, entry)
            if word in taken:
                raise Refused(
                    f"`environments` names {word} twice.",
                    "Give every environment and every group a name of its own, once.",
                    fault="you",
                )
            taken.add(word)
        found.append(Stage(name, names))
    return tuple(found)


def _refuse_wrong(word: str, entry: str) -> None:
    try:
        msgspec.convert(word, Label)
    except msgspec.ValidationError as error:
        raise Refused(
            f"`environments` has {entry!r}, and {word!r} is no name of an environment: it takes lower-case letters, "
            "digits and `-`, and begins and ends with a letter or digit.",
            f"Write it like {EXAMPLE}.",
            fault="you",
        ) from error
    if word == "base":
        raise Refused(
            'An environment cannot be called "base".',
            "Rename it in waybill.toml: apps/<service>/base is what all environments have in common.",
            fault="you",
        )
