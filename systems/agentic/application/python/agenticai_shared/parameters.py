"""Secrets from Parameter Store, read once when a function starts and kept as long as it lives (AGENTIC-03.2).

The variable PARAMETERS names them, separated by commas. What rotates a secret starts the functions anew.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping

import boto3
from botocore.exceptions import ClientError

# What the program writes where nobody has put a value in yet.
UNSET = "unset"
_MOST = 10  # names that one call takes


class ParameterMissing(Exception):
    """A parameter that the function needs does not exist, or may not be read: the message names all of them."""


@functools.cache
def load() -> Mapping[str, str]:
    """Return the values by the last part of their names, without those that nobody has set. Raises ParameterMissing."""
    names = [name for name in os.environ.get("PARAMETERS", "").split(",") if name]
    found: dict[str, str] = {}
    client = boto3.client("ssm") if names else None
    for start in range(0, len(names), _MOST):
        part = names[start : start + _MOST]
        try:
            answer = client.get_parameters(Names=part, WithDecryption=True) if client else {}
        except ClientError as error:
            raise ParameterMissing(f"{', '.join(part)}: {error.response['Error'].get('Code')}") from None
        if unknown := answer.get("InvalidParameters"):
            raise ParameterMissing(f"no such parameter: {', '.join(sorted(unknown))}")
        found |= {row["Name"]: row["Value"] for row in answer.get("Parameters", [])}
    return {name.rpartition("/")[2]: value for name, value in found.items() if value != UNSET}
