"""The life of a service at one place, told as Flux tells it, with what the history is to say of it, oldest first."""

from collections.abc import Iterable

from .served import KEYS, Served, signature
from .stories import E, Told

FAILED_AND_HEALED = [
    E(10, "InstallSucceeded", "1.0.0", rv=5),
    E(100, "UpgradeFailed", "1.1.0", rv=9, message="Helm upgrade failed for release apps/orders: timed out"),
    E(101, "RollbackSucceeded", "1.0.0", rv=9),
    E(200, "DriftDetected", "1.0.0", rv=20),
    E(201, "DriftCorrected", "1.0.0", rv=20),
    E(300, "ArtifactFailed", rv=30),
    E(310, "UpgradeSucceeded", "1.2.0", rv=31),
    E(400, "UpgradeSucceeded", "1.2.0", rv=40),
    E(500, "UninstallSucceeded", "1.2.0", rv=50),
]
TRUTH = [
    ("arrived", "1.0.0"),
    ("failed", "1.1.0"),
    ("rolled_back", "1.1.0"),
    ("recovered", "1.0.0"),
    ("drifted", "1.0.0"),
    ("recovered", "1.0.0"),
    ("blocked", "1.0.0"),
    ("unblocked", "1.2.0"),
    ("arrived", "1.2.0"),
    ("reconfigured", "1.2.0"),
    ("removed", "1.2.0"),
]


async def tell(ledger: Served, told: Iterable[Told], environment: str = "staging") -> None:
    for it in told:
        headers = {"X-Signature": signature(it.body, KEYS[environment][0])}
        answer = await ledger.http.post(f"/hooks/flux/{environment}{it.door}", content=it.body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
