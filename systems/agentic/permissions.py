"""What the roles of an agentic stack, and the services around it, are meant to do (AGENTIC-05.3).

It is a statement of its own: read from the data files and the settings, and from nothing that writes policies.
`python -m plumbline permissions STACK` compares it with what the policies of the stack allow; how rows are written is
said in plumbline/permissions/declared.py, and what a word means in plumbline/data/permissions.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from systems.agentic import data
from systems.agentic.settings import Settings

Row = Mapping[str, Any]
# Both APIs call the one function that answers them; the alarms are the only ones who publish.
_REST, _SOCKETS, _TOPIC = "api", "events", "alerts"
_EXPORTS = "exports/"


def declared(given: Mapping[str, Any]) -> Iterator[Row]:
    """Yield all permissions that a stack with these settings is meant to have."""
    stack = _Stack(Settings.model_validate_json(json.dumps(given)))
    for name, row in data.functions().items():
        yield from stack.function(name, row)
    yield from stack.apis()
    yield from stack.schedules()
    yield from stack.alarms()
    yield from stack.access_logs()


class _Stack:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.prefix = f"{settings.environment}-agenticai"
        account = settings.account()
        self.account = account.account_id
        self.partition = account.partition
        self.region = account.region

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def source(self, arn: str) -> Mapping[str, Any]:
        """Return the condition that a service works for this account, for something of it."""
        return {"StringEquals": {"aws:SourceAccount": self.account}, "ArnLike": {"aws:SourceArn": arn}}

    # Functions

    def function(self, name: str, row: data.FunctionRow) -> Iterator[Row]:
        role = f"role {self.prefix}-{name}"
        yield {"to": "service lambda.amazonaws.com", "on": role, "may": "assume"}
        yield {"to": role, "on": f"log group /aws/lambda/{self.prefix}-{name}", "may": "write"}
        yield {"to": role, "on": "account", "may": "send traces"}
        yield from self.stored(role, row)
        if row.consumes:
            yield {"to": role, "on": f"queue {self.prefix}-{row.consumes}", "may": "consume"}
        yield from ({"to": role, "on": f"queue {self.prefix}-{queue}", "may": "send"} for queue in row.sends)
        if row.connections:
            # Only a deployment knows the API's id; clients are reached, and never cut off.
            clients = self.arn("execute-api", f"*/{self.settings.api.stage}/POST/@connections/*")
            yield {"to": role, "on": [clients], "may": ["execute-api:ManageConnections"]}
        if row.measures:
            own = {"StringEquals": {"cloudwatch:namespace": self.prefix}}
            yield {"to": role, "on": "account", "may": "read metrics"}
            yield {"to": role, "on": "account", "may": "publish metrics", "when": own}
        if row.schedule:
            yield {"to": role, "on": f"queue {self.prefix}-{name}-dead-letters", "may": "send"}

    def stored(self, role: str, row: data.FunctionRow) -> Iterator[Row]:
        """Yield what a function may do with the table, the objects below some prefixes, and parameters."""
        if row.table:
            yield {"to": role, "on": f"table {self.prefix}-{data.TABLE}", "may": ["read", "write"]}
        meant = {"read": row.reads, "write": row.writes, "delete": row.deletes}
        for word, prefixes in meant.items():
            for prefix in prefixes:
                yield {"to": role, "on": self.bucket(data.CODE_BUCKET), "may": word, "below": f"{prefix}*"}
        if row.exports:
            yield {"to": role, "on": f"table {self.prefix}-{data.TABLE}", "may": "export"}
            yield {"to": role, "on": self.bucket(data.EXPORT_BUCKET), "may": "hold export", "below": f"{_EXPORTS}*"}
        for parameter in row.parameters:
            name = f"/agenticai/{self.settings.environment}/{parameter}"
            yield {"to": role, "on": f"parameter {name}", "may": "read"}

    def bucket(self, name: str) -> str:
        return f"bucket {self.prefix}-{name}-{self.account}"

    # Services

    def apis(self) -> Iterator[Row]:
        """Yield that both APIs call the function that answers them, the WebSocket API also to ask who may connect."""
        for kind, name in (("api", _REST), ("websocket api", _SOCKETS)):
            source = self.source(f"{{{kind} {self.prefix}-{name}}}/*")
            yield self.invoked("apigateway", data.API_FUNCTION, source)

    def schedules(self) -> Iterator[Row]:
        """Yield that rules start functions, and put aside what they could not deliver."""
        for name, row in data.functions().items():
            if row.schedule:
                source = {"ArnLike": {"aws:SourceArn": self.arn("events", f"rule/{self.prefix}-{name}")}}
                yield self.invoked("events", name, source)
                queue = f"queue {self.prefix}-{name}-undelivered"
                yield {"to": "service events.amazonaws.com", "on": queue, "may": "send", "when": source}

    def invoked(self, service: str, function: str, when: Mapping[str, Any]) -> Row:
        on = f"function {self.prefix}-{function}:live"
        return {"to": f"service {service}.amazonaws.com", "on": on, "may": "invoke", "when": when}

    def alarms(self) -> Iterator[Row]:
        source = self.source(self.arn("cloudwatch", f"alarm:{self.prefix}-*"))
        on = f"topic {self.prefix}-{_TOPIC}"
        yield {"to": "service cloudwatch.amazonaws.com", "on": on, "may": "publish", "when": source}

    def access_logs(self) -> Iterator[Row]:
        caller = {"StringEquals": {"aws:SourceAccount": self.account}}
        for name, row in data.buckets().items():
            if row.receives:
                yield {"to": "service logging.s3.amazonaws.com", "on": self.bucket(name), "may": "put", "when": caller}
