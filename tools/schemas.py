"""Writes service/waybill.schema.json and service/openapi.json from the code: `python -m tools.schemas`.

What Litestar cannot know of a handler, the handler's own marks tell: `scope` (401, 403), `refuses` (more statuses),
`takes` (the struct of a body that it decodes itself), `gives` (the struct of an answer that it encodes itself).
"""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig

from service.app import ROUTES
from service.domain.waybill import Waybill
from service.errors import MEDIA_TYPE, Problem

SERVICE = Path(__file__).resolve().parent.parent / "service"
REF = "#/components/schemas/{name}"
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `waybill-service token create`."},
    "basic": {"type": "http", "scheme": "basic", "description": "The token as password; for reading alone."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "`sha256=` and the hex HMAC-SHA256 of the body, as Flux' generic-hmac Provider sends it.",
    },
}


def waybill_schema() -> bytes:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Waybill)}
    return _text(schema)


def openapi() -> bytes:
    config = OpenAPIConfig(title="Waybill's ledger", version="1", path="/generated")
    app = Litestar(ROUTES, openapi_config=config, logging_config=None)
    whole: dict[str, Any] = app.openapi_schema.to_schema()
    components = whole["components"]
    schemas = components["schemas"]
    schemas |= _schemas(Problem)
    components["securitySchemes"] = SECURITY
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in sorted(handler.http_methods):
                operation = whole["paths"].get(route.path_format, {}).get(method.lower())
                if operation:
                    _complete(operation, handler, schemas)
    # Litestar names a generic struct's schema after its module.
    return re.sub(rb"Page_[a-z._]+\.([A-Za-z]+)_", rb"PageOf\1", _text(whole))


def _complete(operation: dict[str, Any], handler: HTTPRouteHandler, schemas: dict[str, Any]) -> None:
    responses = operation["responses"]
    if takes := handler.opt.get("takes"):
        schemas |= _schemas(takes)
        body = {"schema": {"$ref": REF.format(name=takes.__name__)}}
        operation["requestBody"] = {"required": True, "content": {"application/json": body}}
    if gives := handler.opt.get("gives"):
        schemas |= _schemas(gives)
        content = {"application/json": {"schema": {"$ref": REF.format(name=gives.__name__)}}}
        responses[str(handler.status_code)]["content"] = content
    if operation["operationId"] in REPEATABLE:
        responses["200"] = responses["201"] | {"description": "It was known already; the first receipt."}
    for status in sorted(_refusals(operation, handler)):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(name="Problem")}}},
        }
    scope = handler.opt.get("scope")
    if scope:
        reading = scope != "releases:write"
        operation["security"] = [{"bearer": []}, *([{"basic": []}, {}] if reading else [])]


REPEATABLE = ("file_release", "take_flux_event", "take_snapshot")


def _refusals(operation: dict[str, Any], handler: HTTPRouteHandler) -> set[int]:
    statuses = {500, 503, *handler.opt.get("refuses", ())}
    if operation.get("parameters"):
        statuses.add(400)
    if handler.opt.get("scope"):
        statuses |= {401, 403}
    if "POST" in handler.http_methods:
        statuses |= {400, 408, 413}
    return statuses


def _schemas(struct: type) -> dict[str, Any]:
    return msgspec.json.schema_components([struct], ref_template=REF)[1]


def _text(schema: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"


if __name__ == "__main__":
    (SERVICE / "waybill.schema.json").write_bytes(waybill_schema())
    (SERVICE / "openapi.json").write_bytes(openapi())
