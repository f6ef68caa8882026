"""What the FastAPI peer takes, as Pydantic has it."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Digest = Annotated[str, Field(pattern="^sha256:[a-f0-9]{64}$")]
Commit = Annotated[str, Field(pattern="^[a-f0-9]{40}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Image(Strict):
    name: str
    repository: str
    digest: Digest
    manifests: dict[str, Digest]
    checked: bool


class Source(Strict):
    repository: str
    commit: Commit
    committed_at: datetime
    release_commit: Commit
    tag: str


class Chart(Strict):
    name: str
    version: str
    app_version: str
    archive: Digest
    repository: str
    digest: Digest


class Place(Strict):
    environment: str
    place: str | None


class PullRequest(Strict):
    url: str
    number: int


class By(Strict):
    run: str


class Gitops(Strict):
    repository: str
    branch: str
    commit: Commit
    places: list[Place]
    kind: str
    proposal: PullRequest | None = None


class Waybill(Strict):
    waybill: int
    service: Annotated[str, Field(pattern="^[a-z0-9-]{1,53}$")]
    images: list[Image]
    source: Source
    chart: Chart
    gitops: Gitops | None = None
    by: By | None = None


class Involved(BaseModel):
    kind: str
    namespace: str
    name: str
    resourceVersion: str = ""  # noqa: N815 - Kubernetes' own spelling


class FluxEvent(BaseModel):
    involvedObject: Involved  # noqa: N815
    reason: str
    timestamp: datetime
    message: str = ""
    metadata: dict[str, str] = {}
