"""service/waybill.schema.json and service/openapi.json, from the code of the ledger.

A handler's marks say what Litestar cannot know: `scope` (401, 403), `refuses` (more statuses), `takes` (the struct of a
body that the handler decodes), `gives` (the struct of an answer that the handler encodes).
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
from service.auth.guards import READING
from service.domain.waybill import Waybill
from service.errors import MEDIA_TYPE, Problem
from service.http.parameters import takes_no_others

from .schema_examples import ANSWERS, BODIES, PARAMETERS

SERVICE = Path(__file__).resolve().parents[2] / "service"
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `waybill-service token create`."},
    "basic": {"type": "http", "scheme": "basic", "description": "The token as the password; for reading alone."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "`sha256=` and the hex HMAC-SHA256 of the body, as a Provider of type generic-hmac sends it.",
    },
}


def files() -> dict[Path, str]:
    made = {"waybill.schema.json": waybill_schema(), "openapi.json": openapi()}
    return {SERVICE / name: text.decode() for name, text in made.items()}


def waybill_schema() -> bytes:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Waybill)}
    return _text(schema)


def openapi() -> bytes:
    config = OpenAPIConfig(title="Waybill's ledger", version="1", path="/generated", use_handler_docstrings=True)
    app = Litestar(ROUTES, openapi_config=config, logging_config=None)
    whole: dict[str, Any] = app.openapi_schema.to_schema()
    components = whole["components"]
    schemas = components["schemas"]
    components["securitySchemes"] = SECURITY
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in sorted(handler.http_methods):
                operation = whole["paths"].get(route.path_format, {}).get(method.lower())
                if operation:
                    _complete(operation, handler, schemas)
    for described in [*schemas.values(), *(it for path in whole["paths"].values() for it in path.values())]:
        if "description" in described:
            described["description"] = " ".join(described["description"].split())
    # Litestar names a generic struct's schema after its module.
    return re.sub(rb"Page_[a-z._]+\.([A-Za-z]+)_", rb"PageOf\1", _text(whole))


def _complete(operation: dict[str, Any], handler: HTTPRouteHandler, schemas: dict[str, Any]) -> None:
    name, responses = operation["operationId"], operation["responses"]
    operation["summary"] = name.replace("_", " ").capitalize()
    for parameter in operation.get("parameters", []):
        if example := PARAMETERS.get(parameter["name"]):
            parameter["example"] = example
    if name in BODIES:
        schema = _reference(handler.opt.get("takes"), schemas) or {"type": "object"}
        body = {"application/json": {"schema": schema, "example": BODIES[name]}}
        operation["requestBody"] = {"required": True, "content": body}
    answer = responses[str(handler.status_code)]
    for content in answer.get("content", {}).values():
        content["schema"] = _reference(handler.opt.get("gives"), schemas) or content["schema"]
        content["example"] = ANSWERS[name]
    if handler.status_code == 201:
        answer["description"] = "It was new and is kept; its receipt."
        responses["200"] = answer | {"description": "It was kept before; the first receipt."}
    if "kept" in handler.opt:
        responses["304"] = {"description": "`If-None-Match` names this answer by its ETag."}
    for status in sorted(_refusals(operation, handler)):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": _reference(Problem, schemas)}},
        }
    operation["security"] = _security(handler)


def _security(handler: HTTPRouteHandler) -> list[dict[str, list[str]]]:
    """Alternatives; the empty one is for READS=public, which needs nothing."""
    if handler.opt.get("public"):
        return [{"signature": []}] if "POST" in handler.http_methods else []
    if handler.opt["scope"] == "releases:write":
        return [{"bearer": []}]
    return [{"bearer": []}, {"basic": []}, *([{}] if handler.opt["scope"] in READING else [])]


def _refusals(operation: dict[str, Any], handler: HTTPRouteHandler) -> set[int]:
    statuses = {500, 503, *handler.opt.get("refuses", ())}
    if operation.get("parameters") or takes_no_others(handler):
        statuses |= {400, 414}
    if handler.opt.get("scope"):
        statuses |= {401, 403}
    if "POST" in handler.http_methods:
        statuses |= {400, 408, 413}
    return statuses


def _reference(struct: type | None, schemas: dict[str, Any]) -> dict[str, Any] | None:
    """A reference to the schema of a struct, which is added to `schemas`."""
    if struct is None:
        return None
    [reference], components = msgspec.json.schema_components([struct], ref_template="#/components/schemas/{name}")
    schemas |= components
    return reference


def _text(schema: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"
