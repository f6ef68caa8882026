"""The order of environments, and which of them form a group: one stage of the way to production after the other."""

from collections.abc import Sequence

from msgspec import Struct

from .signature import ENVIRONMENT


class Stage(Struct, frozen=True):
    """`name` is the group's, or that of the only environment."""

    name: str
    environments: tuple[str, ...]

    def label(self, environment: str) -> str:
        """How an environment is called inside its group: production-eu of production is `eu`."""
        short = environment.removeprefix(f"{self.name}-")
        return short if len(self.environments) > 1 and short else environment


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Of `staging, production = production-eu + production-us`. Raises ValueError, which says what is wrong."""
    found, taken = list[Stage](), set[str]()
    for entry in text.split(",") if text.strip() else ():
        name, is_group, members = (part.strip() for part in entry.partition("="))
        names = tuple(part.strip() for part in members.split("+")) if is_group else (name,)
        for word in (*names, name) if is_group else names:
            if not ENVIRONMENT.fullmatch(word):
                raise ValueError(
                    f"{word!r} is no name of an environment: it takes lower-case letters, digits and dashes"
                )
            if word in taken:
                raise ValueError(f"{word} is named twice")
            taken.add(word)
        found.append(Stage(name, names))
    return tuple(found)


def members(stages: Sequence[Stage], name: str | None) -> tuple[str, ...] | None:
    """The environments of the group of that name; None: there is none."""
    return next((it.environments for it in stages if it.name == name and len(it.environments) > 1), None)


def groups(stages: Sequence[Stage]) -> list[str]:
    """Their names."""
    return [it.name for it in stages if members(stages, it.name)]


def arranged(stages: Sequence[Stage], environments: Sequence[str]) -> list[Stage]:
    """The stages in which these environments are; those that no stage names come last, as they are given."""
    there, named = set(environments), {it for stage in stages for it in stage.environments}
    known = [Stage(it.name, tuple(name for name in it.environments if name in there)) for it in stages]
    return [it for it in known if it.environments] + [Stage(it, (it,)) for it in environments if it not in named]
