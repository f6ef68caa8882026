"""The board's columns: a stage each, which is an environment or a group of several."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..domain.stages import Stage, arranged
from ..ledger.environments.state import EnvironmentState


class Column(NamedTuple):
    stage: Stage
    states: list[EnvironmentState]

    @property
    def name(self) -> str:
        return self.stage.name

    @property
    def is_group(self) -> bool:
        return len(self.stage.environments) > 1

    @property
    def silent(self) -> list[EnvironmentState]:
        return [it for it in self.states if it.silent_since]


def columns(stages: Sequence[Stage], states: Mapping[str, EnvironmentState], only: str | None) -> list[Column]:
    """`only`: the stage or the environment that is wanted; None: all."""
    every = arranged(stages, [*states])
    if only is not None:
        alone = [Stage(only, (only,))] if only in states else []
        every = [it for it in every if it.name == only] or alone
    return [Column(it, [states[name] for name in it.environments]) for it in every]
