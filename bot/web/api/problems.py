"""Errors of the API: problem+json (RFC 9457), each telling what to mend."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from flask import Response, g
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

CONTENT_TYPE: Final = "application/problem+json"


class Fault(BaseModel):
    """One field that is wrong."""

    field: str = Field(description="Name of the field or parameter; nested ones with dots.")
    reason: str = Field(description="How to mend it.")


class Problem(BaseModel):
    """What went wrong, in the words of RFC 9457."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    errors: list[Fault] | None = Field(None, description="Each field that is wrong.")
    request_id: str | None = Field(None, description="To find the request in the log.")


class ApiProblem(HTTPException):
    """A refusal that names fields."""

    def __init__(self, status: int, detail: str, *, errors: Iterable[Fault] = ()) -> None:
        super().__init__(detail)
        self.code = status
        self.errors = list(errors)


def problem_of(error: HTTPException) -> Response:
    """The response for any HTTP error, with the headers that it asks for (Allow, WWW-Authenticate, Retry-After)."""
    problem = Problem(
        title=error.name,
        status=error.code or 500,
        detail=error.description,
        errors=getattr(error, "errors", None) or None,
        request_id=g.get("request_id"),
    )
    body = json.dumps(problem.model_dump(exclude_none=True), ensure_ascii=False)
    response = Response(body, problem.status, content_type=CONTENT_TYPE)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers.add(name, value)
    return response


def invalid(error: ValidationError) -> ApiProblem:
    """422 with one line for each field; what was sent is not repeated."""
    faults = [_fault(item) for item in error.errors(include_url=False, include_context=False, include_input=False)]
    names = ", ".join(fault.field for fault in faults)
    return ApiProblem(422, f"Not valid: {names}", errors=faults)


def _fault(item: Any) -> Fault:
    name = ".".join(str(part) for part in item["loc"]) or "body"
    reason = "there is no such field" if item["type"] == "extra_forbidden" else str(item["msg"])
    return Fault(field=name, reason=reason.removeprefix("Value error, "))
