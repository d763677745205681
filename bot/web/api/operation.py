"""One operation of the API: a view with its models, which check what comes in and make the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError

from bot.web.api.problems import ApiProblem, Fault, invalid

ATTRIBUTE: Final = "operation"
JSON: Final = "application/json"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the document says of a view."""

    summary: str
    answer: type[BaseModel]
    status: int = 200
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = True
    headers: Mapping[str, str]
    """Headers that the view reads, if they are there, each with what it does."""
    refusals: Mapping[int, str]
    """Status codes that this view answers besides those that any may answer."""


def operation(
    blueprint: Blueprint,
    rule: str,
    *,
    method: str = "GET",
    answer: type[BaseModel],
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    body_required: bool = True,
    headers: Mapping[str, str] | None = None,
    refusals: Mapping[int, str] | None = None,
) -> Callable[[View], View]:
    """Route a view, hand it `query` and `body` as validated models, and write its answer out through `answer`."""

    def route(view: View) -> View:
        described = Operation(
            summary=(view.__doc__ or "").strip(),
            answer=answer,
            status=status,
            query=query,
            body=body,
            body_required=body_required,
            headers=headers or {},
            refusals=refusals or {},
        )

        @wraps(view)
        def answering(**arguments: Any) -> Response:
            if query is not None:
                arguments["query"] = _asked(query)
            if body is not None:
                arguments["body"] = _posted(body, required=body_required)
            answered = answer.model_validate(view(**arguments))
            return Response(answered.model_dump_json(), status, content_type=JSON)

        setattr(answering, ATTRIBUTE, described)
        blueprint.add_url_rule(rule, endpoint=view.__name__, view_func=answering, methods=[method])
        return view

    return route


def _asked(model: type[BaseModel]) -> BaseModel:
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        faults = [Fault(field=name, reason="give it once") for name in repeated]
        raise ApiProblem(422, f"Not valid: {', '.join(repeated)}", errors=faults)
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise invalid(error) from None


def _posted(model: type[BaseModel], *, required: bool) -> BaseModel:
    raw = request.get_data()
    if not raw and not required:
        return model()
    if request.mimetype != JSON:
        raise ApiProblem(415, f"Send the body as {JSON}")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_input=False)):
            raise ApiProblem(400, "The body is not JSON") from None
        raise invalid(error) from None
