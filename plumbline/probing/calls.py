"""Calls of a stack's functions: their own code, with the variables that they have in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.awslambda.utils import get_backend

from plumbline.graph import Resource
from plumbline.probing.items import Tables
from plumbline.probing.model import NotSo, ProbeContext, value
from plumbline.probing.tables import TABLE
from plumbline.sandbox.function_code import FunctionFailed

FUNCTION = "aws:lambda/function:Function"


@dataclass(frozen=True)
class Called:
    """How a call ended: the result, or the error's type, and the lines that the code wrote."""

    result: Any
    error: str | None
    log: tuple[str, ...]


def call(context: ProbeContext, function: Resource, event: Any) -> Called:
    """Call a function of the stack, as it is in the sandbox. What it changes in tables is put back."""
    region = function.get("region") or context.account.region
    backend: Any = get_backend(context.account.account_id, region)
    held = backend.get_function(value(function, "name"))
    with Tables(context, context.graph.of_type(TABLE)):
        try:
            result, log = context.code.call(held, event)
        except FunctionFailed as error:
            return Called(None, error.type, error.log)
    return Called(result, None, log)


def function_of(context: ProbeContext, arn: str) -> Resource:
    """Return the function that an ARN names, itself or by an alias or version of it. Raises NotSo."""
    parts = arn.split(":")
    found = context.graph.named(FUNCTION, "name", parts[6]) if len(parts) > 6 else None
    if found is None:
        raise NotSo(f"the stack has no function {arn}")
    return found


def shown(result: Any) -> str:
    """Say in few words what a function answered, without what it may hold."""
    if isinstance(result, Mapping) and "statusCode" in result:
        return f"status {result['statusCode']}"
    return f"an object with {', '.join(sorted(result))}" if isinstance(result, Mapping) else type(result).__name__
