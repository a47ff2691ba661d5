"""What the roles of a trading stack, and the services around it, are meant to do.

It is a statement of its own: read from the data files and the settings, and from nothing that writes policies.
`python -m plumbline permissions STACK` compares it with what the policies of the stack allow; how rows are written is
said in plumbline/permissions/declared.py, and what a word means in plumbline/data/permissions.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from systems.trading import data, workflows
from systems.trading.settings import Settings

Row = Mapping[str, Any]
_BACKUP_POLICIES = "arn:{partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"
_ROTATION = "rotate-redis-token"
# Rules that come more than once a day rest at night; one that comes at its own hour would never come again.
_SEVERAL_TIMES_A_DAY = re.compile(r"rate\(\d+ (minute|hour)|cron\(\S+ \*")
# Which service works with which key, and who besides the account's own principals.
_KEY_SERVICES = {"buckets": "s3", "secrets": "secretsmanager", "tables": "dynamodb", "topics": "sns"}


def declared(given: Mapping[str, Any]) -> Iterator[Row]:
    """Yield all permissions that a stack with these settings is meant to have."""
    stack = _Stack(Settings.model_validate_json(json.dumps(given)))
    for name, row in data.functions().items():
        yield from stack.function(name, row)
    yield from stack.rotation()
    for name, definition in workflows.definitions().items():
        yield from stack.workflow(name, definition)
    yield from stack.network()
    yield from stack.backups()
    yield from stack.shutdown()
    yield from stack.events()
    yield from stack.api()
    yield from stack.topics()
    yield from stack.buckets()
    yield from stack.keys()
    yield from stack.images()


class _Stack:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.prefix = settings.environment
        account = settings.account()
        self.account = account.account_id
        self.partition = account.partition
        self.region = account.region

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def via(self, service: str) -> Mapping[str, Any]:
        """Return the condition that a key is used through a service, for this account."""
        return {"StringEquals": {"kms:ViaService": f"{service}.{self.region}.amazonaws.com"}}

    def source(self, *arns: str) -> Mapping[str, Any]:
        """Return the condition that a service works for this account, for something of it."""
        return {"StringEquals": {"aws:SourceAccount": self.account}, "ArnLike": {"aws:SourceArn": list(arns)}}

    def assumed(self, role: str, service: str, when: Mapping[str, Any] | None = None) -> Row:
        return {"to": f"service {service}.amazonaws.com", "on": role, "may": "assume", "when": when or {}}

    def key(self, to: str, key: str, *, write: bool) -> Row:
        words = ["decrypt", "encrypt"] if write else ["decrypt"]
        return {"to": to, "on": f"key {self.prefix}-{key}", "may": words, "when": self.via(_KEY_SERVICES[key])}

    # Functions

    def function(self, name: str, row: data.FunctionRow) -> Iterator[Row]:
        role = f"role {self.prefix}-{row.group}-{name}"
        yield from self.runs(role, name)
        for table in dict.fromkeys((*row.tables(),)):
            yield from self.table(role, table, row)
        for bucket in row.buckets():
            yield from self.bucket(role, bucket, row)
        for secret in row.read_secrets():
            yield {"to": role, "on": f"secret {self.prefix}-{secret}", "may": "read"}
        if row.read_secrets():
            yield self.key(role, "secrets", write=False)
        yield from self.series(role, row)
        if row.events:
            yield {"to": role, "on": f"event bus {self.prefix}-trading", "may": "put"}
        if row.kind == "background":
            yield {"to": role, "on": f"queue {self.prefix}-{name}-dead-letters", "may": "send"}

    def runs(self, role: str, name: str) -> Iterator[Row]:
        """Yield what every function needs to run: its role, its log, its traces and the VPC.

        Lambda attaches it to the VPC under its role; its own code must not do the same.
        """
        yield self.assumed(role, "lambda")
        yield {"to": role, "on": f"log group /aws/lambda/{self.prefix}-{name}", "may": "write"}
        yield {"to": role, "on": "account", "may": "send traces"}
        own = self.arn("lambda", f"function:{self.prefix}-{name}")
        not_itself = {"ArnNotEquals": {"lambda:SourceFunctionArn": own}}
        yield {"to": role, "on": "account", "may": "attach to network", "when": not_itself}

    def table(self, role: str, table: str, row: data.FunctionRow) -> Iterator[Row]:
        meant = {"read": row.read_tables(), "write": row.write_tables(), "scan": row.scans}
        words = [word for word, names in meant.items() if table in names]
        yield {"to": role, "on": f"table {self.prefix}-{table}", "may": words}
        if self.settings.tables.key == "customer":
            yield self.key(role, "tables", write="write" in words)

    def bucket(self, role: str, bucket: str, row: data.FunctionRow) -> Iterator[Row]:
        meant = {"read": row.reads_buckets, "write": row.writes_buckets}
        words = [word for word, names in meant.items() if bucket in names]
        yield {"to": role, "on": self.bucket_name(bucket), "may": words}
        if self.settings.buckets.key == "customer" and data.buckets()[bucket].receives is None:
            yield self.key(role, "buckets", write="write" in words)

    def bucket_name(self, bucket: str) -> str:
        return f"bucket {data.buckets()[bucket].prescribed_beginning}{self.prefix}-{bucket}-{self.account}"

    def series(self, role: str, row: data.FunctionRow) -> Iterator[Row]:
        if not row.series():
            return
        if self.settings.market_data.influx is not None:
            # Timestream makes this secret itself, and ends its name with what only it knows.
            secret = self.arn("secretsmanager", "secret:READONLY-InfluxDB-auth-parameters-*")
            yield {"to": role, "on": secret, "may": ["secretsmanager:GetSecretValue"]}
            return
        yield {"to": role, "on": "account", "may": "find series"}
        for word, names in {"query": row.reads_series, "write": row.writes_series}.items():
            yield from ({"to": role, "on": f"series {self.prefix}-{name}", "may": word} for name in names)

    def rotation(self) -> Iterator[Row]:
        """Yield what rotates the token of Redis: a function that Secrets Manager calls."""
        role, secret = f"role {self.prefix}-secrets-{_ROTATION}", f"secret {self.prefix}-redis-token"
        yield from self.runs(role, _ROTATION)
        yield {"to": role, "on": secret, "may": "rotate"}
        yield {"to": role, "on": "account", "may": "make passwords"}
        yield self.key(role, "secrets", write=True)
        yield {"to": role, "on": f"cache {self.prefix}-redis", "may": "change token"}
        caller = {"StringEquals": {"aws:SourceAccount": self.account}}
        yield self.invoked("secretsmanager", _ROTATION, caller)

    def invoked(self, service: str, function: str, when: Mapping[str, Any]) -> Row:
        on = f"function {self.prefix}-{function}:live"
        return {"to": f"service {service}.amazonaws.com", "on": on, "may": "invoke", "when": when}

    # Roles of services

    def workflow(self, name: str, definition: Mapping[str, Any]) -> Iterator[Row]:
        role, machine = f"role {self.prefix}-workflow-{name}", f"{self.prefix}-{name}"
        yield self.assumed(role, "states", self.source(self.arn("states", f"stateMachine:{machine}")))
        named = list(_named(definition))
        for function in dict.fromkeys(found for kind, found in named if kind == "function"):
            yield {"to": role, "on": f"function {self.prefix}-{function}:live", "may": "invoke"}
        topics = dict.fromkeys(found for kind, found in named if kind == "topic")
        yield from ({"to": role, "on": f"topic {self.prefix}-{topic}", "may": "publish"} for topic in topics)
        if topics:
            yield self.key(role, "topics", write=True)
        yield {"to": role, "on": "account", "may": ["deliver logs", "find log groups", "trace executions"]}
        yield {"to": role, "on": f"log group /aws/vendedlogs/states/{machine}", "may": "write"}

    def network(self) -> Iterator[Row]:
        role = f"role {self.prefix}-flow-log"
        yield self.assumed(role, "vpc-flow-logs", self.source(self.arn("ec2", "vpc-flow-log/*")))
        yield {"to": role, "on": f"log group /aws/vpc/{self.prefix}-flow-log", "may": ["find streams", "write"]}
        yield {"to": role, "on": "account", "may": "find log groups"}

    def backups(self) -> Iterator[Row]:
        for kind, policy in {"backup": "Backup", "restore": "Restores"}.items():
            role = f"role {self.prefix}-{kind}"
            yield self.assumed(role, "backup")
            kept = _BACKUP_POLICIES.format(partition=self.partition)
            yield {"to": role, "on": f"policy {kept}{policy}", "may": "attached"}

    def shutdown(self) -> Iterator[Row]:
        """Yield what turns rules off at night, where the stack rests."""
        if self.settings.costs.shutdown is None:
            return
        role = f"role {self.prefix}-shutdown"
        yield self.assumed(
            role, "scheduler", self.source(self.arn("scheduler", f"schedule-group/{self.prefix}-shutdown"))
        )
        for name, row in data.events().items():
            if _SEVERAL_TIMES_A_DAY.match(row.schedule or ""):
                yield {"to": role, "on": f"rule {self.prefix}-{name}", "may": "switch"}
        yield {"to": role, "on": f"queue {self.prefix}-shutdown-undelivered", "may": "send"}

    # Services, and the account as a whole

    def events(self) -> Iterator[Row]:
        yield {"to": f"account {self.account}", "on": f"event bus {self.prefix}-trading", "may": "put"}
        for name, row in data.events().items():
            rule = f"{self.prefix}-{name}" if row.function else f"{self.prefix}-trading/{self.prefix}-{name}"
            source = {"ArnLike": {"aws:SourceArn": self.arn("events", f"rule/{rule}")}}
            queue = f"queue {self.prefix}-{name}-undelivered"
            yield {"to": "service events.amazonaws.com", "on": queue, "may": "send", "when": source}
            if row.function:
                yield self.invoked("events", row.function, source)

    def api(self) -> Iterator[Row]:
        """Yield that the API calls its handlers: every function of that kind has a route."""
        for name, row in data.functions().items():
            if row.kind == "api":
                yield self.invoked("apigateway", name, self.source(f"{{api {self.prefix}-api}}/*"))

    def topics(self) -> Iterator[Row]:
        sources = {
            "backup": self.arn("backup", f"backup-vault:{self.prefix}-*"),
            "budgets": f"arn:{self.partition}:budgets::{self.account}:*",
            "cloudwatch": self.arn("cloudwatch", f"alarm:{self.prefix}-*"),
            "events": self.arn("events", f"rule/{self.prefix}-trading/{self.prefix}-*"),
        }
        for name, row in data.topics().items():
            for service in row.publishers:
                to, when = f"service {service}.amazonaws.com", self.source(sources[service])
                yield {"to": to, "on": f"topic {self.prefix}-{name}", "may": "publish", "when": when}

    def buckets(self) -> Iterator[Row]:
        for name, row in data.buckets().items():
            on = self.bucket_name(name)
            if row.receives == "access_logs":
                caller = {"StringEquals": {"aws:SourceAccount": self.account}}
                yield {"to": "service logging.s3.amazonaws.com", "on": on, "may": "put", "when": caller}
            if row.receives == "delivered_logs":
                yield from self.delivery(on)
            for reader in row.readers:
                yield {"to": f"service {reader}.amazonaws.com", "on": on, "may": "get", "when": self.distributions()}

    def delivery(self, on: str) -> Iterator[Row]:
        """Yield what the delivery of logs needs: it looks whether it may write, and leaves the objects to the owner."""
        to, source = "service delivery.logs.amazonaws.com", self.source(self.arn("logs", "*"))
        yield {"to": to, "on": on, "may": "show acl", "when": source}
        owned = {"s3:x-amz-acl": "bucket-owner-full-control", **source["StringEquals"]}
        when = {**source, "StringEquals": owned}
        yield {"to": to, "on": on, "may": "put", "below": f"AWSLogs/{self.account}/*", "when": when}

    def distributions(self) -> Mapping[str, Any]:
        return {"ArnLike": {"aws:SourceArn": f"arn:{self.partition}:cloudfront::{self.account}:distribution/*"}}

    def keys(self) -> Iterator[Row]:
        account = f"account {self.account}"
        for key, service in _KEY_SERVICES.items():
            on = f"key {self.prefix}-{key}"
            yield {"to": account, "on": on, "may": "administer"}
            yield {"to": account, "on": on, "may": ["decrypt", "encrypt"], "when": self.via(service)}
            granted = {**self.via(service), "Bool": {"kms:GrantIsForAWSResource": "true"}}
            yield {"to": account, "on": on, "may": "grant to services", "when": granted}
            if self.settings.recovery_account_id:
                yield {"to": f"account {self.settings.recovery_account_id}", "on": on, "may": "recover"}
        caller = {"StringEquals": {"aws:SourceAccount": self.account}}
        for publisher in dict.fromkeys(name for row in data.topics().values() for name in row.publishers):
            to = f"service {publisher}.amazonaws.com"
            yield {"to": to, "on": f"key {self.prefix}-topics", "may": "publish", "when": caller}
        for reader in dict.fromkeys(name for row in data.buckets().values() for name in row.readers):
            to, when = f"service {reader}.amazonaws.com", self.distributions()
            yield {"to": to, "on": f"key {self.prefix}-buckets", "may": "open", "when": when}

    def images(self) -> Iterator[Row]:
        """Yield that functions of the stack are made from the images of its repositories."""
        for repository in self.settings.pipeline.repositories:
            source = {"ArnLike": {"aws:SourceArn": self.arn("lambda", f"function:{self.prefix}-*")}}
            on = f"repository {self.prefix}-{repository}"
            yield {"to": "service lambda.amazonaws.com", "on": on, "may": "pull", "when": source}


def _named(definition: Any) -> Iterator[tuple[str, str]]:
    """Yield the functions and topics that a state machine's definition names, as `${function:audit}` does."""
    if isinstance(definition, str):
        for found in re.finditer(r"\$\{(function|topic):([a-z0-9-]+)\}", definition):
            yield found[1], found[2]
        return
    inner: Iterable[Any] = definition.values() if isinstance(definition, Mapping) else definition
    if isinstance(definition, Mapping | list):
        for value in inner:
            yield from _named(value)
