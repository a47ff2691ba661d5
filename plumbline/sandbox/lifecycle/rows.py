"""The tables under plumbline/data/lifecycle: how what the adapters made is read, changed and deleted.

A type has a row there where AWS's calls are regular, and a function of its own (`reader`, `updater`, `deleter` in
plumbline.sandbox.adapters) where they are not. The words of a row:

  service    boto3's name of the service
  id         how the resource's id is put together, "{role}:{name}": its parts can be named in `with`
  given      what the calls need and may not be declared
  read       calls whose answers tell the properties; `at` the path of the answer's part that does, `as` the property
             that all of it is told of, `one` what picks the resource out of a list, `must` what an answer has only
             if the resource is there, `gone` what it has only if it is not, `absent` the refusals that say so
  names      AWS's name: the property's, where no rule of the module translate leads from one to the other
  untold     properties that moto does not keep or tell: they stay as declared
  extra      what AWS tells of properties that are not declared: a value, or "*" for any
  update     "create" where the call that makes it changes it as well; otherwise calls, whose arguments are `with` and
             the properties that the call takes (of them, those in `of`, or those that changed if `only` says so); a
             call of which none has changed is not made, and one with `when` only for those values. `patch` is the path
             of each property in a patch of API Gateway; `model` the place of moto's own object, and `set` its
             attributes, where moto has no call
  delete     calls
  tags       the way in `dialects` in which the service takes tags, and what it wants to be told the resource by
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from botocore.exceptions import ClientError
from moto.awslambda.utils import get_backend as lambda_backend
from moto.backends import get_backend

from plumbline import yaml12
from plumbline.sandbox.adapters import ADAPTERS, DELETERS, READERS, UPDATERS, Context, Inputs
from plumbline.sandbox.lifecycle.translate import written

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "lifecycle"
# Each service has its own word for what is not there.
_GONE = re.compile(r"NotFound|NoSuch|Non[Ee]xistent|DoesNotExist|404|\.Missing|ResourceNotFound|UnknownResource")


@functools.cache
def tables() -> Mapping[str, Mapping[str, Any]]:
    """Return the rows of all tables, by the name of the table."""
    found: dict[str, dict[str, Any]] = {"dialects": {}, "types": {}}
    for file in sorted(_FOLDER.glob("*.yaml")):
        for table, rows in yaml12.load(file).items():
            found[table].update(rows)
    return found


def row_of(type_: str) -> Mapping[str, Any]:
    """Return the row of a type, an empty one where it has none."""
    return tables()["types"].get(type_, {})


def carried_out(type_: str) -> tuple[str, ...]:
    """Return which of create, read, update and delete the sandbox carries out for a type."""
    if type_ not in ADAPTERS:
        return ()
    row = row_of(type_)
    own = {"read": READERS, "update": UPDATERS, "delete": DELETERS}
    return ("create", *(word for word, functions in own.items() if word in row or type_ in functions))


def is_gone(error: ClientError) -> bool:
    """Say whether AWS refused because what it was asked for does not exist."""
    return bool(_GONE.search(error.response["Error"]["Code"]))


def missing(operation: str) -> ClientError:
    """Return the refusal of what is not there, for services that say it in other words."""
    return ClientError({"Error": {"Code": "ResourceNotFound", "Message": "it does not exist"}}, operation)


def identified(type_: str, context: Context, identity: str, inputs: Inputs) -> dict[str, Any]:
    """Return what a resource's inputs and id say it is."""
    return space_of(context, row_of(type_), identity, inputs)


def space_of(context: Context, row: Mapping[str, Any], identity: str, inputs: Inputs) -> dict[str, Any]:
    """Return what the templates of a row can name."""
    space = {**inputs, "id": identity, "account": context.account_id, "region": inputs.get("region") or context.region}
    space |= {key: value for key, value in row.get("given", {}).items() if space.get(key) is None}
    templates = row.get("id", [])
    for template in templates if isinstance(templates, list) else [templates]:
        parts = re.split(r"{(\w+)}", template)
        # What is declared is known; the rest is read off the id.
        pattern = "".join(
            (re.escape(str(space[part])) if space.get(part) is not None else f"(?P<{part}>.+)")
            if number % 2
            else re.escape(part)
            for number, part in enumerate(parts)
        )
        found = re.fullmatch(pattern, identity)
        if found:
            return {**space, **found.groupdict()}
    return space


def filled(template: Any, space: Mapping[str, Any]) -> Any:
    """Fill a template: `{name}` alone gives the value as it is, among other text its text."""
    if isinstance(template, dict):
        return {key: filled(value, space) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, space) for value in template]
    if not isinstance(template, str):
        return template
    whole = re.fullmatch(r"{(\w+)(:d)?}", template)
    if whole is None:
        return template.format_map(space)
    return int(space[whole[1]]) if whole[2] else space.get(whole[1])


def called(client: Any, call: Mapping[str, Any], space: Mapping[str, Any], more: Inputs | None = None) -> Any:
    """Make a call of a row; its own arguments go before `more`."""
    given = {key: filled(value, space) for key, value in call.get("with", {}).items()}
    given = {key: value for key, value in given.items() if value is not None}
    try:
        return getattr(client, call["call"])(**{**(more or {}), **given})
    except ClientError as error:
        # A setting that has no value is told as an error by some services; the resource is there all the same.
        code = error.response["Error"]["Code"]
        if code in call.get("none", ()):
            return {}
        if code in call.get("absent", ()):
            raise missing(call["call"]) from None
        raise


def call_tags(client: Any, tags: Mapping[str, Any], word: str, values: Mapping[str, str | None], space: Inputs) -> Any:
    """Call one of a service's ways with tags; to take them away their values are nothing."""
    way = tables()["dialects"][tags["as"]]
    call = {**way[word], "with": {way["of"]: tags["of"], **tags.get("with", {})}}
    if "in" not in call:
        return called(client, call, space)
    shape = input_of(client, call["call"]).members[call["in"]]
    return called(client, call, space, {call["in"]: written(dict(values), shape, {}, None)})


def input_of(client: Any, call: str) -> Any:
    """Return the shape of what a call takes."""
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[call]).input_shape


def backend(context: Context, service: str, region: str) -> Any:
    """Return moto's own record of a service in the account, for what moto has no call for."""
    if service == "lambda":
        return lambda_backend(context.account_id, region)  # without Docker it is another one
    regions = get_backend(cast(Any, service.replace("-", "")))[context.account_id]
    return next(regions[name] for name in (region, "global", "aws") if name in regions)
