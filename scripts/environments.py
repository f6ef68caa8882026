"""The environments that the settings name, and what is said of each in a table of its own or its group's."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from .errors import Refused
from .settings import EnvironmentSettings, Settings
from .stages import stages


def environments_of(settings: Settings) -> dict[str, Any]:
    """The environments by themselves, the groups, and the table of each environment: its own before its group's."""
    order = stages(settings.environments)
    groups = {stage.name: stage.environments for stage in order if stage.environments != (stage.name,)}
    names = tuple(name for stage in order for name in stage.environments)
    tables: dict[str, EnvironmentSettings] = {}
    for stage in order:
        above = settings.environment_tables.get(stage.name, EnvironmentSettings())
        for name in stage.environments:
            own = settings.environment_tables.get(name, above)
            namespace = own.namespace or (None if own.helmrelease else above.namespace)
            tables[name] = EnvironmentSettings(namespace, own.merge or above.merge, own.helmrelease)
        if stage.environments != (stage.name,) and above.helmrelease:
            raise Refused(
                f"waybill.toml has `helmrelease` for {stage.name}, which is a group: no two environments share a file.",
                f"Set it in [environment.NAME] of each of {', '.join(stage.environments)}.",
                fault="you",
            )
    for table in settings.environment_tables:
        if table not in (*names, *groups):
            raise Refused(
                f"waybill.toml has the table [environment.{table}], and `environments` does not name {table}.",
                f"Correct the name ({', '.join((*names, *groups)) or 'none is configured'}), or add it there.",
                fault="you",
            )
    for name, told in tables.items():
        if told.namespace and isinstance(settings.namespace, dict) and name in settings.namespace:
            raise Refused(
                f"waybill.toml says the namespace of {name} twice: in [namespace] and in [environment.{name}].",
                "Take one of them out.",
                fault="you",
            )
    refuse_shared(tables)
    return {"environments": names, "groups": groups, "environment_tables": tables}


def refuse_shared(tables: Mapping[str, EnvironmentSettings]) -> None:
    """Refuses a HelmRelease of two environments, and one whose file is told a namespace that it says itself."""
    taken: dict[str, dict[str, str]] = {}
    for environment, table in tables.items():
        if table.helmrelease is None:
            continue
        if table.namespace:
            raise Refused(
                f"waybill.toml has both `namespace` and `helmrelease` for {environment}: the file says the namespace.",
                "Take `namespace` out of that table.",
                fault="you",
            )
        file, _, name = table.helmrelease.partition("#")
        names = taken.setdefault(str(PurePosixPath(file)), {})
        if other := next((names[known] for known in names if known == name or "" in (known, name)), None):
            raise Refused(
                f"waybill.toml gives {other} and {environment} one HelmRelease, {table.helmrelease}.",
                "Give each environment a file, or a HelmRelease of a file, of its own: FILE#NAME.",
                fault="you",
            )
        names[name] = environment
