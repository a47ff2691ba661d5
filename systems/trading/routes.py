"""The routes of the trading system's API: data/routes.yaml, and what follows from the handlers' tables."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from components.api_routes import MethodSpec, RouteSpec, Verb
from components.tables import TableSpec
from systems.trading import data

_FILE = "routes.yaml"
_DRAFT = "http://json-schema.org/draft-04/schema#"
_TENANT = "tenantId"
_PAGING = {"limit": False, "cursor": False}
_JSON_TYPES: Mapping[str, Mapping[str, Any]] = {
    "S": {"type": "string", "minLength": 1},  # a key may not be empty
    "N": {"type": "number"},
}


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} given; allowed: a regular expression ({error})") from None
    return text


class Schema(BaseModel):
    """The part of JSON schema, draft 4, in which bodies are described; a word outside of it is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str | None = None
    type: Literal["array", "boolean", "integer", "number", "object", "string"] | None = None
    properties: dict[str, Schema] | None = Field(default=None, min_length=1)
    required: tuple[str, ...] | None = Field(default=None, min_length=1)
    additionalProperties: bool | None = None
    anyOf: tuple[Schema, ...] | None = Field(default=None, min_length=1)
    items: Schema | None = None
    enum: tuple[str, ...] | None = Field(default=None, min_length=1)
    pattern: Annotated[str, AfterValidator(_pattern)] | None = None
    minLength: int | None = Field(default=None, ge=0)
    maxLength: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _required_are_described(self) -> Schema:
        # A branch of anyOf may require what only the whole describes.
        for name in (self.required or ()) if self.properties is not None else ():
            if name not in (self.properties or {}):
                raise ValueError(f"required: {name!r} given; allowed: {', '.join(self.properties or {})}")
        return self


class RouteRow(BaseModel):
    """One handler's routes as data/routes.yaml gives them. `post` is the body of a handler that owns no table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fresh: bool = False
    post: Schema | None = None


@functools.cache
def routes() -> Mapping[str, RouteSpec]:
    """Return the routes by handler. Raises DataError with one line per mistake."""
    rows: Mapping[str, RouteRow] = data.load(_FILE, dict[str, RouteRow])
    functions, tables = data.functions(), data.tables()
    found = list(mistakes(rows, functions, tables))
    if found:
        raise data.DataError("\n".join(found))
    return {name: route(name, row, functions[name], tables) for name, row in rows.items()}


def mistakes(
    rows: Mapping[str, RouteRow], functions: Mapping[str, data.FunctionRow], tables: Mapping[str, TableSpec]
) -> Iterator[str]:
    """Yield one line for each route that does not fit the handlers and their tables, and each handler without one."""
    handlers = [name for name, row in functions.items() if row.kind == "api"]
    for name, row in rows.items():
        where = f"systems/trading/data/{_FILE}: {name}"
        if name not in functions:
            yield f"{where}: no such handler; known: {', '.join(handlers)}"
            continue
        if name not in handlers:
            yield f"{where}: a background handler given; allowed: {', '.join(handlers)}"
        owned = functions[name].owns
        if owned and row.post:
            yield f"{where}.post: given, but the body follows from the table {owned}"
        if row.post and row.post.type != "object":
            yield f"{where}.post.type: {row.post.type!r} given; allowed: object"
        for key, type_ in tables[owned].attributes().items() if owned else ():
            if type_ not in _JSON_TYPES:
                yield f"{where}: key {key} of the table {owned} has type {type_}; allowed: {', '.join(_JSON_TYPES)}"
    for name in handlers:
        if name not in rows:
            yield f"systems/trading/data/{_FILE}: {name}: missing, and it is an api handler"


def route(name: str, row: RouteRow, function: data.FunctionRow, tables: Mapping[str, TableSpec]) -> RouteSpec:
    """Return the methods of one handler, as handlers/api.py answers them."""
    if function.owns is None:
        collection: dict[Verb, MethodSpec] = {"GET": MethodSpec()}
        if row.post:
            collection["POST"] = MethodSpec(schema=_given(name, row.post))
        return RouteSpec(collection=collection, fresh=row.fresh)

    table = tables[function.owns]
    own = table.partition_key.name == _TENANT
    keys = [key.name for key in (table.partition_key, table.sort_key) if key and key.name != _TENANT]
    create = MethodSpec(schema=_body(f"A new item of {name}", table, keys))
    if own and table.sort_key is None:
        change = MethodSpec(schema=_body(f"The item of {name}", table, ()))
        single: dict[Verb, MethodSpec] = {"GET": MethodSpec(), "POST": create, "PUT": change, "DELETE": MethodSpec()}
        return RouteSpec(collection=single, fresh=row.fresh)

    listed = own or function.owns in function.scans
    page: dict[Verb, MethodSpec] = {"GET": MethodSpec(query=_PAGING)} if listed else {}
    # The id is the sort key of a tenant's table, else the partition key; what is left of the key is asked for.
    query = {table.sort_key.name: True} if table.sort_key and not own else {}
    change = MethodSpec(query=query, schema=_body(f"An item of {name}", table, ()))
    item: dict[Verb, MethodSpec] = {"GET": MethodSpec(query=query), "PUT": change, "DELETE": MethodSpec(query=query)}
    return RouteSpec(collection={**page, "POST": create}, item=item, fresh=row.fresh)


def _body(title: str, table: TableSpec, required: list[str] | tuple[str, ...]) -> dict[str, Any]:
    """Return the schema of an item: any attributes, of which those of keys and indexes have their type."""
    types = {**table.attributes(), _TENANT: "S"}
    schema: dict[str, Any] = {
        "$schema": _DRAFT,
        "title": title,
        "type": "object",
        "properties": {name: dict(_JSON_TYPES[type_]) for name, type_ in sorted(types.items())},
    }
    if required:  # draft 4 knows no empty list
        schema["required"] = list(required)
    return schema


def _given(name: str, schema: Schema) -> dict[str, Any]:
    written = schema.model_dump(mode="json", exclude_none=True)
    return {"$schema": _DRAFT, "title": f"A request to {name}", **written}
