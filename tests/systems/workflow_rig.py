"""What the tests of the trading workflows run them in: their functions, tables and topics, up in the sandbox."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_aws as aws
from boto3.dynamodb.types import TypeDeserializer
from moto.dynamodb.models import dynamodb_backends
from moto.sns.models import sns_backends

from components.account import Account
from components.functions import Functions, FunctionsArgs, FunctionSpec
from components.keys import CustomerKey
from components.naming import Naming
from components.roles import Role, Roles, RolesArgs, RoleSpec
from components.tables import Tables, TablesArgs, TableSpec
from components.topics import Topics, TopicsArgs, TopicSpec
from components.workflows import Workflows, WorkflowsArgs, named
from plumbline import yaml12
from plumbline.evaluate import Evaluation, evaluate
from plumbline.sandbox import Sandbox
from plumbline.sandbox.adapters import Context
from plumbline.sandbox.workflows import Execution, Step
from plumbline.sandbox.workflows import Workflows as Runner
from systems.trading import data, workflows
from tests.evaluations import ROOT

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
NAMING = Naming("test")
CONTEXT = Context(account_id=ACCOUNT.account_id, region=ACCOUNT.region)
TRADING = Path("systems/trading")
KEY = CustomerKey(arn=ACCOUNT.arn("kms", "key/00000000-0000-0000-0000-000000000000"), alias="alias/test-topics")
TOPICS = tuple(yaml12.load(ROOT / TRADING / "data" / "topics.yaml"))
MACHINES = workflows.machines(data.functions(), TOPICS)
NAMED = sorted({name for spec in MACHINES.values() for name in named(spec.definition, "function")})


def program() -> None:
    """Register the workflows and what they name, with the handlers of this repository."""
    provider = aws.Provider("aws", region=ACCOUNT.region, allowed_account_ids=[ACCOUNT.account_id])
    opts = pulumi.ResourceOptions(providers={"aws": provider})
    rows = {name: data.functions()[name] for name in NAMED}
    tables = {table: data.tables()[table] for row in rows.values() for table in row.tables()}
    Tables("tables", TablesArgs(account=ACCOUNT, naming=NAMING, tables=tables), opts)
    specs = {name: RoleSpec(physical_name=name, description="Runs") for name in rows}
    roles = Roles("roles", RolesArgs(naming=NAMING, service="lambda.amazonaws.com", roles=specs), opts)
    functions = Functions(
        "functions",
        FunctionsArgs(
            account=ACCOUNT,
            naming=NAMING,
            functions={name: _function(name, row, roles.roles[name], tables) for name, row in rows.items()},
            layer=TRADING / "layer",
            log_retention_days=30,
            subnet_ids=["subnet-1"],
        ),
        opts,
    )
    topics = {name: TopicSpec(display_name=name, publishers={}) for name in TOPICS}
    made = Topics("topics", TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=KEY, topics=topics), opts)
    args = WorkflowsArgs(
        account=ACCOUNT,
        naming=NAMING,
        functions=functions.functions,
        topics=made.topics,
        machines=MACHINES,
        log_retention_days=30,
    )
    Workflows("workflows", args, opts)
    roles.attach()


def _function(name: str, row: data.FunctionRow, role: Role, tables: dict[str, TableSpec]) -> FunctionSpec:
    variables = {"ENVIRONMENT": "test", "HANDLER_NAME": name}
    variables |= {f"TABLE_{table.replace('-', '_').upper()}": f"test-{table}" for table in row.tables()}
    if row.kind == "background":
        variables |= {"READ_TABLES": ",".join(row.read_tables()), "WRITE_TABLES": ",".join(row.write_tables())}
    elif row.owns:
        keys = {"PARTITION": tables[row.owns].partition_key, "SORT": tables[row.owns].sort_key}
        variables["PRIMARY_TABLE"] = row.owns
        for kind, key in keys.items():
            variables |= {f"PRIMARY_{kind}_KEY": key.name, f"PRIMARY_{kind}_KEY_TYPE": key.type} if key else {}
    return FunctionSpec(
        role=role,
        security_groups=(SimpleNamespace(id="sg-1"),),  # type: ignore[arg-type]  # no network is needed here
        handler=f"{row.kind}.handler",
        code=TRADING / "handlers",
        memory_mb=row.memory,
        timeout_seconds=row.timeout_seconds,
        environment={key: value for key, value in variables.items() if value},
    )


@dataclass(frozen=True)
class Rig:
    """The stack that is up, and what it holds."""

    evaluation: Evaluation
    runner: Runner

    def clear(self) -> None:
        """Take away what a test left."""
        for table in dynamodb_backends[ACCOUNT.account_id][ACCOUNT.region].tables.values():
            table.items.clear()
        for topic in sns_backends[ACCOUNT.account_id][ACCOUNT.region].topics.values():
            topic.sent_notifications.clear()

    def run(self, machine: str, input: Any, **steps: list[Step]) -> Execution:
        """Run a machine; `steps` are scripted by logical names, with _ for -."""
        script = {f"test-{name.replace('_', '-')}": entries for name, entries in steps.items()}
        return self.runner.run(ACCOUNT.state_machine_arn(f"test-{machine}"), input, script)

    def put(self, table: str, **item: Any) -> None:
        """Put an item of tenant `a` into a table."""
        values = {key: {"N": str(value)} if isinstance(value, int) else {"S": value} for key, value in item.items()}
        CONTEXT.client("dynamodb").put_item(TableName=f"test-{table}", Item={"tenantId": {"S": "a"}, **values})

    def items(self, table: str) -> dict[str, dict[str, Any]]:
        """Return a table's items by sort key."""
        found = CONTEXT.client("dynamodb").scan(TableName=f"test-{table}")["Items"]
        items = [{name: _plain(value) for name, value in item.items()} for item in found]
        sort = data.tables()[table].sort_key
        assert sort is not None
        return {item[sort.name]: item for item in items}

    def sent(self) -> dict[str, list[tuple[str, str]]]:
        """Return the subject and text of each message, by the topic's logical name."""
        topics = sns_backends[ACCOUNT.account_id][ACCOUNT.region].topics.values()
        return {
            topic.name.removeprefix("test-"): [(subject, text) for _, text, subject, *_ in topic.sent_notifications]
            for topic in topics
            if topic.sent_notifications
        }


def _plain(value: dict[str, Any]) -> Any:
    return json.loads(json.dumps(TypeDeserializer().deserialize(value), default=_number))


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


@contextlib.contextmanager
def up() -> Iterator[Rig]:
    """Bring the workflows up in the sandbox."""
    with Sandbox() as sandbox:
        evaluation = evaluate(program, root=ROOT, deployer=sandbox)
        yield Rig(evaluation, Runner(CONTEXT))
