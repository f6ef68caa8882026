"""The schemas of the API and of the waybill: files that are generated from the code and committed."""

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
    described = OPENAPI | {"servers": [{"url": state.settings.root_path or "/"}]}
    return Response(msgspec.json.encode(described), media_type="application/vnd.oai.openapi+json")


@get("/waybill.schema.json", public=True, include_in_schema=False, sync_to_thread=False)
def get_waybill_schema() -> Response[bytes]:
    """JSON Schema 2020-12 of the document that `POST /releases` takes."""
    return Response(WAYBILL, media_type="application/schema+json")
