"""Universal targets of EventBridge Scheduler: calls of AWS's API, each written as an ARN.

Source is "Using universal targets in EventBridge Scheduler".
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Any

from botocore.loaders import Loader

_ARN = re.compile(r"arn:aws(-cn|-us-gov)?:scheduler:::aws-sdk:(?P<service>[a-z0-9]+):(?P<action>[a-z][A-Za-z0-9]*)")
# The Scheduler names services as the SDKs do; botocore has names of its own for some.
_CLIENTS = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}


@dataclass(frozen=True)
class UniversalTarget:
    """One call: `client` is the service as botocore names it, `operation` the call as the API does."""

    client: str
    operation: str

    @property
    def permission(self) -> str:
        """The action of IAM that has the call's name. Of some calls it has another, as of `lambda:Invoke`."""
        metadata = _model(self.client)["metadata"]
        return f"{metadata.get('signingName', metadata['endpointPrefix'])}:{self.operation}"

    def input_problem(self, text: str | None) -> str | None:
        """Say what is wrong with the JSON text of the request's parameters, None where nothing is."""
        try:
            given = json.loads(text or "{}")
        except ValueError:
            return "not JSON"
        if not isinstance(given, dict):
            return "no JSON object"
        shape = _model(self.client)["operations"][self.operation].get("input", {}).get("shape")
        required = _model(self.client)["shapes"][shape].get("required", []) if shape else []
        names = {name.casefold() for name in given}
        missing = [name for name in required if name.casefold() not in names]
        return f"{self.operation} needs {', '.join(missing)} too" if missing else None


def parse(arn: str) -> UniversalTarget:
    """Return the call that an ARN stands for. Raises ValueError, with what is wrong, where it stands for none."""
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ValueError(f"{arn!r} given; allowed: arn:aws:scheduler:::aws-sdk:SERVICE:ACTION")
    client = _CLIENTS.get(match["service"], match["service"])
    if client not in _clients():
        raise ValueError(f"service {match['service']!r} given; no service of AWS that is known here")
    operation = match["action"][0].upper() + match["action"][1:]
    if operation not in _model(client)["operations"]:
        raise ValueError(f"action {match['action']!r} given; {match['service']} has no such action")
    return UniversalTarget(client, operation)


@functools.cache
def _clients() -> frozenset[str]:
    return frozenset(Loader().list_available_services("service-2"))


@functools.cache
def _model(client: str) -> dict[str, Any]:
    return Loader().load_service_model(client, "service-2")
