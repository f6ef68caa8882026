"""What a forge publishes of its API, cut down to the operations that Waybill uses.

GitHub's is out of npm's `@octokit/openapi`, Gitea's out of its Go module; their versions stand in the files.
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema

FOLDER = Path(__file__).parent / "forge_descriptions"


class Description:
    """An OpenAPI 3.0 or Swagger 2 description."""

    def __init__(self, name: str) -> None:
        self.document = nullable(json.loads((FOLDER / f"{name}.json").read_text()))
        self.prefix = self.document.get("basePath", "/api/v3")  # GitHub's own servers have the latter

    def operation(self, method: str, path: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The operation and its path parameters. Swagger cannot say that a branch's name may hold a slash."""
        assert path.startswith(self.prefix), path
        for template, methods in self.document["paths"].items():
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)).replace(
                "(?P<head>[^/]+)", "(?P<head>.+)"
            )
            found = re.fullmatch(pattern, path.removeprefix(self.prefix))
            if found and method.lower() in methods:
                return methods[method.lower()], {key: unquote(value) for key, value in found.groupdict().items()}
        raise AssertionError(f"the description has no {method} {path}")

    def check(self, operation: dict[str, Any], query: dict[str, str], body: Any) -> None:
        parameters = {found["name"]: found for found in map(self.resolve, operation["parameters"])}
        for name, value in query.items():
            assert parameters[name]["in"] == "query"
            schema = parameters[name].get("schema", parameters[name])
            typed = int(value) if schema["type"] == "integer" else value
            jsonschema.validate(typed, {key: schema[key] for key in ("type", "enum") if key in schema})
        bodies = [found["schema"] for found in parameters.values() if found["in"] == "body"]
        bodies += [content["schema"] for content in operation.get("requestBody", {}).get("content", {}).values()]
        assert bool(bodies) == (body is not None)
        for schema in bodies:
            self.validate(body, schema)
            assert body.keys() <= self.resolve(schema)["properties"].keys()

    def answer(self, operation: dict[str, Any], status: int, filled: Any) -> Any:
        """A sample of the promised answer, with `filled` in it; a list of them where `filled` is a list."""
        response = self.resolve(operation["responses"][str(status)])
        schema = response.get("schema") or next(iter(response["content"].values()))["schema"]
        if isinstance(filled, list):
            item = self.resolve(schema)["items"]
            whole: Any = [merged(self.sample(item), one) for one in filled]
        else:
            whole = merged(self.sample(schema), filled)
        # Swagger 2 knows no null, yet Gitea sends it for what is not there.
        said = [without_null(one) for one in whole] if isinstance(whole, list) else without_null(whole)
        self.validate(said if "swagger" in self.document else whole, schema)
        return whole

    def validate(self, value: Any, schema: Any) -> None:
        jsonschema.Draft202012Validator(
            {**self.document, **schema} if "$ref" in schema else {**self.document, "allOf": [schema]}
        ).validate(value)

    def resolve(self, schema: Any) -> Any:
        while "$ref" in schema:
            found = self.document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                found = found[key]
            schema = found
        return schema

    def sample(self, schema: Any) -> Any:
        schema = self.resolve(schema)
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self.sample(schema[choice][0])
        if "allOf" in schema:
            return {key: value for part in schema["allOf"] for key, value in self.sample(part).items()}
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            # Swagger 2 of Gitea requires nothing and sends everything.
            names = schema.get("required", [])
            return {name: self.sample(schema["properties"][name]) for name in names}
        return {"array": [], "string": "text", "integer": 1, "number": 1, "boolean": False}[kind]


def nullable(part: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(part, list):
        return [nullable(item) for item in part]
    if not isinstance(part, dict):
        return part
    part = {key: nullable(value) for key, value in part.items()}
    if part.pop("nullable", False) is True and isinstance(part.get("type"), str):
        part["type"] = [part["type"], "null"]
    return part


def without_null(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value is not None}


def merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}
    return above
