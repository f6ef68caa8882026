"""The two fleets that there is a sample of: which services, in which environments."""

from typing import NamedTuple

NOUNS = (
    "orders payments web catalog search mailer cart checkout pricing fraud shipping inventory profiles"
    " accounts sessions reviews wishlist vouchers invoices suppliers signatures labels webhooks embeddings"
    " recommendations sso admin chargebacks loyalty-migration media"
)
PARTS = "customer order stock price refund invoice parcel coupon review partner return label audit"
TASKS = "api sync export events reports jobs gateway"


class Fleet(NamedTuple):
    """`stages`: the environments one after the other, those of a group together. `days`: how long the story is;
    `releases`: of each service, on average."""

    services: list[str]
    stages: list[tuple[str, ...]]
    setting: str
    days: int
    releases: int

    @property
    def environments(self) -> list[str]:
        return [it for stage in self.stages for it in stage]


SMALL = Fleet(
    NOUNS.split()[:6],
    [("staging",), ("production-eu", "production-us")],
    "staging, production = production-eu + production-us",
    182,
    24,
)
LARGE = Fleet(
    [*NOUNS.split(), *(f"{part}-{task}" for part in PARTS.split() for task in TASKS.split())],
    [("dev",), ("qa",), ("staging",), ("production-eu", "production-us")],
    "dev, qa, staging, production = production-eu + production-us",
    182,
    16,
)
