"""The OpenAPI 3.1 document, made from the routes and their models, so that it cannot say anything else than they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from bot.web.api.operation import ATTRIBUTE, JSON, Operation
from bot.web.api.problems import CONTENT_TYPE, Problem

REF: Final = "#/components/schemas/{model}"
ANYWHERE: Final = {
    401: "No valid token came with the request.",
    403: "The token's scope does not allow it.",
    404: "There is no such thing.",
    405: "The path does not know this method.",
    413: "The body is too long.",
    500: "It failed; the request id finds it in the log.",
    503: "The database does not answer; try again.",
}
_CHECKED: Final = {422: "A field or parameter is not valid; `errors` names it."}
_WITH_BODY: Final = {400: "The body is not JSON.", 415: "The body is not application/json."}
_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


def document(app: Flask, public_url: str) -> dict[str, Any]:
    """The whole document."""
    found = sorted(_operations(app), key=lambda one: (one[0], one[1]))
    inputs = {model for *_, described in found for model in (described.body, described.query) if model}
    outputs = {described.answer for *_, described in found} | {Problem}
    refs, schemas = _schemas(inputs, outputs)
    paths: dict[str, dict[str, Any]] = {}
    for path, method, name, described in found:
        paths.setdefault(path, {})[method] = _operation(path, name, described, refs, schemas)
    # Queries are given as parameters, not as objects.
    queries = {described.query.__name__ for *_, described in found if described.query}
    shown = {name: schema for name, schema in schemas.items() if name not in queries}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tendril",
            "version": version("bot"),
            "description": "Two-way texting for care coordinators. Refusals come in this order: 401, 403, 404, others.",
        },
        "servers": [{"url": urlsplit(public_url).path or "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": shown,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "`bot tokens create`"}},
        },
    }


def _operations(app: Flask) -> Iterable[tuple[str, str, str, Operation]]:
    for rule in app.url_map.iter_rules():
        described = getattr(app.view_functions[rule.endpoint], ATTRIBUTE, None)
        if described is not None:
            for method in _methods(rule):
                yield _PARAMETER.sub(r"{\1}", rule.rule), method, rule.endpoint.rpartition(".")[2], described


def _methods(rule: Rule) -> list[str]:
    return sorted(method.lower() for method in (rule.methods or set()) - {"HEAD", "OPTIONS"})


def _schemas(
    inputs: Iterable[type[BaseModel]], outputs: Iterable[type[BaseModel]]
) -> tuple[Mapping[Any, Any], dict[str, Any]]:
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in inputs]
    modes += [(model, "serialization") for model in outputs]
    modes.sort(key=lambda one: one[0].__name__)
    refs, definitions = models_json_schema(modes, ref_template=REF)
    return refs, definitions.get("$defs", {})


def _operation(
    path: str, name: str, described: Operation, refs: Mapping[Any, Any], schemas: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = [_path_parameter(part) for part in re.findall(r"{(\w+)}", path)]
    if described.query is not None:
        parameters += _query_parameters(schemas[described.query.__name__])
    parameters += [_header_parameter(name, what) for name, what in described.headers.items()]
    made: dict[str, Any] = {
        "operationId": name,
        "summary": described.summary,
        "parameters": parameters,
        "responses": {
            str(described.status): {
                "description": "Done.",
                "content": {JSON: {"schema": refs[described.answer, "serialization"]}},
            },
            **{str(code): _problem(why, refs) for code, why in sorted(_refusals(described).items())},
        },
    }
    if described.body is not None:
        content = {JSON: {"schema": refs[described.body, "validation"]}}
        made["requestBody"] = {"required": described.body_required, "content": content}
    return made


def _refusals(described: Operation) -> dict[int, str]:
    checked = _CHECKED if described.query or described.body else {}
    return {**ANYWHERE, **checked, **(_WITH_BODY if described.body else {}), **described.refusals}


def _problem(why: str, refs: Mapping[Any, Any]) -> dict[str, Any]:
    return {"description": why, "content": {CONTENT_TYPE: {"schema": refs[Problem, "serialization"]}}}


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _header_parameter(name: str, what: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": what, "schema": {"type": "string"}}


def _query_parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            **({"description": what["description"]} if "description" in what else {}),
            "schema": {key: value for key, value in what.items() if key not in ("description", "title")},
        }
        for name, what in schema["properties"].items()
    ]
