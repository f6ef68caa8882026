"""What every test needs: the pinned tools first on PATH, and no setting of the machine that runs the tests."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
os.environ["PATH"] = f"{CHECKOUT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, the loop that the ledger runs on."""
    return "asyncio"
