"""The schemas of the API and of the waybill: files that are generated from the code and committed."""

from functools import cache
from pathlib import Path

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.response import Response

SERVICE = Path(__file__).resolve().parent.parent
OPENAPI = msgspec.json.decode((SERVICE / "openapi.json").read_bytes())
WAYBILL = (SERVICE / "waybill.schema.json").read_bytes()


@get("/schema", public=True, include_in_schema=False, sync_to_thread=False)
def get_openapi(state: State) -> Response[bytes]:
    """OpenAPI 3.1, with the path below which this ledger is served."""
    return Response(_openapi(state.settings.root_path or "/"), media_type="application/vnd.oai.openapi+json")


@cache
def _openapi(root_path: str) -> bytes:
    return msgspec.json.encode(OPENAPI | {"servers": [{"url": root_path}]})


@get("/waybill.schema.json", public=True, include_in_schema=False, sync_to_thread=False)
def get_waybill_schema() -> Response[bytes]:
    """JSON Schema 2020-12 of the document that `POST /releases` takes."""
    return Response(WAYBILL, media_type="application/schema+json")
