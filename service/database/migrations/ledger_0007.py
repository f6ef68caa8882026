"""Indexes for the board's search: a proposal's commit, and the digest of a chart's archive. Nothing else changes."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0007"
VERSION = "1.38.0"
DESCRIPTION = "indexes of proposal by its commit, and of release by its archive"

# They are in JSON, as every ledger writes it: what an older one files meanwhile is found, too.
EXPRESSIONS = {
    "postgres": (
        "(part::jsonb ->> 'commit') COLLATE \"C\"",
        "(document::jsonb -> 'chart' ->> 'archive') COLLATE \"C\"",
    ),
    "sqlite": ("json_extract(part, '$.commit')", "json_extract(document, '$.chart.archive')"),
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        commit, archive = EXPRESSIONS[engine.engine_type]
        await engine.run_ddl(f"CREATE INDEX proposal_commit ON proposal (({commit}))")
        await engine.run_ddl(f"CREATE INDEX release_archive ON release (({archive}))")

    manager.add_raw(run)
    return manager
