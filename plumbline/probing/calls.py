"""Calls of a stack's functions: their own code, with the variables that they have in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.awslambda.utils import get_backend
from moto.core.exceptions import JsonRESTError

from plumbline.graph import Resource
from plumbline.probing.items import Tables
from plumbline.probing.model import NotSo, ProbeContext, value
from plumbline.probing.tables import TABLE
from plumbline.sandbox.function_code import Code, FunctionFailed

FUNCTION = "aws:lambda/function:Function"


@dataclass(frozen=True)
class Called:
    """How a call ended: the result, or the error's type and message, and the lines that the code wrote."""

    result: Any
    error: str | None
    log: tuple[str, ...]
    message: str = ""


def call(context: ProbeContext, function: Resource, event: Any) -> Called:
    """Call a function of the stack, as it is in the sandbox. What it changes in tables is put back."""
    with Tables(context, context.graph.of_type(TABLE)):
        return run(context, value(function, "arn"), event)


def run(context: ProbeContext, arn: str, event: Any, code: Code | None = None) -> Called:
    """Call the function, version or alias of an ARN; what it changes stays.

    `code` is another process of the function than the one that is warm. Raises NotSo where there is no such function.
    """
    try:
        result, log = (code or context.code).call(held(context, arn), event)
    except FunctionFailed as error:
        return Called(None, error.type, error.log, error.message)
    return Called(result, None, log)


def held(context: ProbeContext, arn: str) -> Any:
    """Return the function, version or alias of an ARN as moto holds it. Raises NotSo where there is none."""
    parts = arn.split(":")
    backend: Any = get_backend(parts[4] or context.account.account_id, parts[3])
    try:
        return backend.get_function(parts[6], parts[7] if len(parts) > 7 else None)
    except JsonRESTError:
        raise NotSo(f"there is no function {':'.join(parts[6:])}") from None


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
