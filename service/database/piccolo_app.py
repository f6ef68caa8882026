"""Names the tables and the migrations for Piccolo."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from .tables import TABLES

NAME = "ledger"
APP_CONFIG = AppConfig(
    app_name=NAME,
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=list(TABLES),
)
