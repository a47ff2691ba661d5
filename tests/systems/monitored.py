"""A stack with all there is to watch and its monitoring, as the tests of monitoring need it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from components.account import Account
from components.alarms import Alarms
from components.cache import Cache, CacheArgs
from components.dashboards import Dashboards
from components.functions import Functions, FunctionsArgs, FunctionSpec
from components.metric_filters import MetricFilters
from components.naming import Naming
from components.roles import Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.tables import Tables, TablesArgs
from components.topics import Topic, Topics, TopicsArgs, TopicSpec
from components.workflows import MachineSpec, Workflow, Workflows, WorkflowsArgs
from plumbline.graph import StackGraph
from systems.trading import data, monitoring
from systems.trading.monitoring_data import AlarmSettings
from tests.components.programs import CUSTOMER_KEY
from tests.evaluations import run_program

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
NAMING = Naming("test")
PUBLISHERS = {"cloudwatch.amazonaws.com": "arn:aws:cloudwatch:us-east-1:111111111111:alarm:test-*"}
OTHER = "rotate-redis-token"  # a function of the stack that functions.yaml does not hold
STRICT = AlarmSettings(
    lambda_error_percent=5,
    api_error_percent=1,
    table_throttle_events=0,
    redis_memory_percent=80,
    redis_cpu_percent=45,
    application_errors=0,
    function_throttles=0,
    duration_percent=80,
    failed_executions=0,
)


def topics() -> Mapping[str, Topic]:
    """Register the topics that alarms tell."""
    specs = {name: TopicSpec(display_name=name, publishers=PUBLISHERS) for name in ("critical-alerts", "system-health")}
    args = TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=CUSTOMER_KEY, topics=specs)
    return Topics("topics", args).topics


def machines() -> Mapping[str, Workflow]:
    """Register one state machine, which calls nothing: its metrics do not depend on what it does."""
    spec = MachineSpec(
        definition={"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}},
        description="Ends at once",
        timeout_seconds=60,
    )
    args = WorkflowsArgs(
        account=ACCOUNT, naming=NAMING, functions={}, topics={}, machines={"trade": spec}, log_retention_days=30
    )
    return Workflows("workflows", args).machines


def watched() -> monitoring.Watched:
    """Register what there is to watch."""
    rows = data.functions()
    roles = Roles(
        "roles",
        RolesArgs(
            naming=NAMING,
            service="lambda.amazonaws.com",
            roles={name: RoleSpec(physical_name=name, description="Runs") for name in (*rows, OTHER)},
        ),
    )
    groups = SecurityGroups(
        "groups", SecurityGroupsArgs(naming=NAMING, vpc_id="vpc-1", groups={"functions": "Functions"})
    )
    code = {"code": Path("systems/trading/handlers"), "memory_mb": 256, "timeout_seconds": 30}
    specs = {
        name: FunctionSpec(
            role=roles.roles[name],
            handler="api.handler",
            security_groups=(groups.groups["functions"],),
            dead_letter=name in rows and rows[name].kind == "background",
            **code,
        )
        for name in (*rows, OTHER)
    }
    functions = Functions(
        "functions",
        FunctionsArgs(
            account=ACCOUNT,
            naming=NAMING,
            functions=specs,
            layer=Path("systems/trading/layer"),
            log_retention_days=30,
            subnet_ids=["subnet-1"],
        ),
    )
    roles.attach()
    tables = Tables("tables", TablesArgs(account=ACCOUNT, naming=NAMING, tables=data.tables()))
    cache = Cache(
        "cache",
        CacheArgs(
            account=ACCOUNT,
            naming=NAMING,
            node_type="cache.t3.micro",
            nodes=2,
            multi_az=True,
            snapshot_days=0,
            subnet_ids=["subnet-1"],
            security_group_id="sg-1",
            auth_token="t0ken" * 8,
        ),
    )
    return monitoring.Watched(
        account=ACCOUNT,
        naming=NAMING,
        functions=functions.functions,
        tables=tables.tables,
        cache=cache,
        cache_nodes=2,
        api_name="test-trading",
        api_stage="live",
        state_machines=machines(),
    )


@functools.cache
def stack() -> StackGraph:
    """Return the graph of a stack with all there is to watch and its monitoring, which AWS would take."""

    def program() -> None:
        everything = watched()
        MetricFilters("filters", monitoring.metric_filters(everything))
        Alarms("alarms", monitoring.alarms(everything, topics(), STRICT))
        Dashboards("dashboards", monitoring.dashboards(everything, STRICT))

    evaluation = run_program(program)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return evaluation.graph
