"""What holds for every component, and for every resource of the real stacks."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import textwrap
import typing
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import pulumi
import pytest

import components
from plumbline import sdk
from plumbline.graph import UNKNOWN, Resource, StackGraph
from tests.evaluations import preview

MODULES: list[ModuleType] = [
    importlib.import_module(f"components.{module.name}") for module in pkgutil.iter_modules(components.__path__)
]
COMPONENTS: list[type[pulumi.ComponentResource]] = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, pulumi.ComponentResource) and value.__module__ == module.__name__
]
TAGS = {
    "test": {
        "Environment": "test",
        "Project": "trading",
        "Owner": "trading-platform",
        "CostCenter": "trading-test",
    },
    "prod": {
        "Environment": "prod",
        "Project": "trading",
        "Owner": "trading-platform",
        "CostCenter": "trading-prod",
    },
}
# The physical name's input and what may stand before the environment.
NAMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "aws:dynamodb/table:Table": ("name", ("",)),
    "aws:lambda/function:Function": ("name", ("",)),
    "aws:lambda/layerVersion:LayerVersion": ("layerName", ("",)),
    "aws:iam/role:Role": ("name", ("",)),
    "aws:sqs/queue:Queue": ("name", ("",)),
    "aws:cloudwatch/logGroup:LogGroup": (
        "name",
        ("/aws/lambda/", "/aws/vpc/", "/aws/apigateway/", "/aws/vendedlogs/states/", "/pipeline/"),
    ),
    "aws:kms/alias:Alias": ("name", ("alias/",)),
    "aws:s3/bucket:Bucket": ("bucket", ("", "aws-waf-logs-")),
    "aws:secretsmanager/secret:Secret": ("name", ("",)),
    "aws:ec2/securityGroup:SecurityGroup": ("name", ("",)),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("replicationGroupId", ("",)),
    "aws:elasticache/parameterGroup:ParameterGroup": ("name", ("",)),
    "aws:elasticache/subnetGroup:SubnetGroup": ("name", ("",)),
    "aws:apigateway/apiKey:ApiKey": ("name", ("",)),
    "aws:apigateway/restApi:RestApi": ("name", ("",)),
    "aws:apigateway/usagePlan:UsagePlan": ("name", ("",)),
    "aws:backup/plan:Plan": ("name", ("",)),
    "aws:backup/selection:Selection": ("name", ("",)),
    "aws:backup/vault:Vault": ("name", ("",)),
    "aws:budgets/budget:Budget": ("name", ("",)),
    "aws:cloudfront/cachePolicy:CachePolicy": ("name", ("",)),
    "aws:cloudfront/function:Function": ("name", ("",)),
    "aws:cloudfront/originAccessControl:OriginAccessControl": ("name", ("",)),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": ("name", ("",)),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": ("alarmName", ("",)),
    "aws:cloudwatch/dashboard:Dashboard": ("dashboardName", ("",)),
    "aws:cloudwatch/eventArchive:EventArchive": ("name", ("",)),
    "aws:cloudwatch/eventBus:EventBus": ("name", ("",)),
    "aws:cloudwatch/eventRule:EventRule": ("name", ("",)),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": ("name", ("",)),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": ("name", ("",)),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": ("name", ("",)),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("name", ("",)),
    "aws:cognito/userPool:UserPool": ("name", ("",)),
    "aws:cognito/userPoolClient:UserPoolClient": ("name", ("",)),
    "aws:scheduler/schedule:Schedule": ("name", ("",)),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("name", ("",)),
    "aws:sfn/stateMachine:StateMachine": ("name", ("",)),
    "aws:sns/topic:Topic": ("name", ("",)),
    "aws:timestreamwrite/database:Database": ("databaseName", ("",)),
    "aws:timestreamwrite/table:Table": ("tableName", ("",)),
    "aws:wafv2/webAcl:WebAcl": ("name", ("",)),
}
# What only one of the stacks has.
ONLY_IN = {"aws:scheduler/schedule:Schedule": "test", "aws:scheduler/scheduleGroup:ScheduleGroup": "test"}
# Names within a function, a role, a table, an API or a zone, which are no names of their own in the account.
INNER_NAMES = {
    "aws:apigateway/authorizer:Authorizer",
    "aws:apigateway/model:Model",
    "aws:apigateway/requestValidator:RequestValidator",
    "aws:appautoscaling/policy:Policy",
    "aws:appautoscaling/scheduledAction:ScheduledAction",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:lambda/alias:Alias",
    "aws:route53/record:Record",
}
# API Gateway prescribes the name of its execution log, with the API's id in it.
EXECUTION_LOG = "api-execution-log"
VPC = "awsx:ec2:Vpc"  # the one component of another maker
SUBNET_TYPED = {"aws:ec2/subnet:Subnet", "aws:ec2/routeTable:RouteTable"}

each_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)


def args_type(component: type) -> type:
    return typing.get_type_hints(component.__init__)["args"]  # type: ignore[misc]  # of a known class


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the public classes and functions that a module defines."""
    for name, value in vars(module).items():
        own = isinstance(value, type | FunctionType) and value.__module__ == module.__name__
        if own and not name.startswith("_"):
            yield name, value


def of_awsx(resource: Resource) -> bool:
    """Say whether awsx registers the resource, and so names and tags it by its own rules."""
    return f"{VPC}$" in resource.urn


def named_in(stack: str) -> set[str]:
    """Return the types with physical names that a stack has."""
    return {type_ for type_ in NAMES if ONLY_IN.get(type_, stack) == stack}


def public_methods(class_: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(class_).items():
        if isinstance(value, FunctionType) and not name.startswith("_"):
            yield name, value


def test_there_are_components() -> None:
    assert {component.__name__ for component in COMPONENTS} >= {
        *("Buckets", "Cache", "Functions", "Keys", "Network", "Roles", "Secrets", "SecurityGroups", "Tables"),
    }


@each_component
def test_constructor_takes_name_args_and_opts(component: type) -> None:
    parameters = inspect.signature(component.__init__).parameters  # type: ignore[misc]  # of a known class
    assert list(parameters) == ["self", "name", "args", "opts"]
    assert {name for name, parameter in parameters.items() if parameter.default is None} == {"opts"}
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


@each_component
def test_type_token_follows_from_the_class(component: type) -> None:
    source = ast.parse(textwrap.dedent(inspect.getsource(component)))
    tokens = [
        node.args[0].value
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
        if isinstance(node.args[0], ast.Constant)
    ]
    assert tokens == [f"plumbline:components:{component.__name__}"]


@each_component
def test_args_are_a_frozen_keyword_only_dataclass_named_after_the_component(component: type) -> None:
    args = args_type(component)
    assert args.__name__ == f"{component.__name__}Args"
    assert dataclasses.is_dataclass(args)
    assert args.__dataclass_params__.frozen  # type: ignore[attr-defined]  # of every dataclass
    kinds = {parameter.kind for parameter in inspect.signature(args).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


@each_component
def test_component_registers_its_outputs(component: type) -> None:
    assert "self.register_outputs(" in inspect.getsource(component)


@each_component
def test_public_methods_have_docstrings(component: type) -> None:
    assert [name for name, method in public_methods(component) if not inspect.getdoc(method)] == []


@each_module
def test_module_public_classes_and_functions_have_docstrings(module: ModuleType) -> None:
    assert module.__doc__
    # A dataclass without a docstring gets its signature as one.
    missing = [name for name, value in public(module) if not value.__doc__ or value.__doc__.startswith(f"{name}(")]
    assert missing == []


# The real stacks.


def test_every_component_is_in_the_stack_under_its_own_type(graph: StackGraph) -> None:
    types = {resource.type for resource in graph if not resource.custom}
    assert types <= {VPC, *(f"plumbline:components:{component.__name__}" for component in COMPONENTS)}


def test_name_of_every_child_starts_with_that_of_its_parent(graph: StackGraph) -> None:
    children = [resource for resource in graph if resource.parent and not of_awsx(resource)]
    assert children
    wrong = [child.urn for child in children if not child.name.startswith(f"{graph.resources[child.parent].name}-")]
    assert wrong == []


def test_name_of_everything_that_awsx_makes_starts_with_that_of_its_component(graph: StackGraph) -> None:
    [vpc] = graph.of_type(VPC)
    made = [resource for resource in graph if of_awsx(resource)]
    assert made
    wrong = [resource.urn for resource in made if not f"{resource.name}-".startswith(f"{vpc.name}-")]
    assert wrong == []


def test_every_resource_but_components_and_provider_has_a_component_as_parent(graph: StackGraph) -> None:
    outside = [resource.type for resource in graph if resource.custom and not resource.parent]
    assert outside == ["pulumi:providers:aws"]


def test_only_what_awsx_makes_has_parents_that_are_no_components(graph: StackGraph) -> None:
    inner = [resource for resource in graph if resource.parent and graph.resources[resource.parent].custom]
    assert inner
    assert [resource.urn for resource in inner if not of_awsx(resource)] == []


def test_every_resource_that_takes_tags_carries_exactly_the_four(stack: str) -> None:
    tagged = [resource for resource in preview(stack).graph if resource.custom and sdk.tag_shape(resource.type)]
    own = [resource for resource in tagged if not of_awsx(resource)]
    assert own
    assert [resource.urn for resource in own if resource.inputs.get("tags") != TAGS[stack]] == []


def test_what_awsx_makes_carries_its_name_and_the_type_of_its_subnet_besides_the_four(stack: str) -> None:
    tagged = [resource for resource in preview(stack).graph if of_awsx(resource) and sdk.tag_shape(resource.type)]
    assert {resource.type for resource in tagged} > SUBNET_TYPED

    def expected(resource: Resource) -> dict[str, str]:
        typed = {"SubnetType": resource.name.split("-")[-2].capitalize()} if resource.type in SUBNET_TYPED else {}
        return {**TAGS[stack], "Name": resource.name, **typed}

    assert [resource.urn for resource in tagged if resource.inputs.get("tags") != expected(resource)] == []


def test_no_resource_that_takes_no_tags_has_any(graph: StackGraph) -> None:
    untagged = [resource for resource in graph if not resource.custom or sdk.tag_shape(resource.type) is None]
    assert [resource.urn for resource in untagged if "tags" in resource.inputs] == []


def test_every_aws_resource_uses_the_explicit_provider(graph: StackGraph) -> None:
    resources = [resource for resource in graph if resource.type.startswith("aws:")]
    assert resources
    wrong = [r.urn for r in resources if "pulumi:providers:aws::aws::" not in r.options.provider]
    assert wrong == []


def test_no_resource_has_a_default_provider(graph: StackGraph) -> None:
    assert [r.urn for r in graph if "default" in r.options.provider] == []
    assert [r.name for r in graph if r.type.startswith("pulumi:providers:")] == ["aws"]


def test_provider_is_tied_to_region_and_account(stack: str) -> None:
    [provider] = preview(stack).graph.of_type("pulumi:providers:aws")
    account = {"test": "111111111111", "prod": "222222222222"}[stack]
    given = {key: provider.inputs[key] for key in ("region", "allowedAccountIds")}
    assert given == {"region": "us-east-1", "allowedAccountIds": f'["{account}"]'}


def test_every_physical_name_has_the_prefix_of_the_environment(stack: str) -> None:
    graph = preview(stack).graph
    resources = [resource for resource in graph.of_type(*NAMES) if resource.name != EXECUTION_LOG]
    assert {resource.type for resource in resources} == named_in(stack)
    wrong = []
    for resource in resources:
        property_, before = NAMES[resource.type]
        if not str(resource.inputs.get(property_)).startswith(tuple(f"{start}{stack}-" for start in before)):
            wrong.append(resource.urn)
    assert wrong == []


def test_only_the_name_of_the_apis_execution_log_is_unknown_at_preview(graph: StackGraph) -> None:
    unknown = [resource for resource in graph.of_type(*NAMES) if resource.inputs[NAMES[resource.type][0]] is UNKNOWN]
    [log] = unknown
    assert (log.name, log.type) == (EXECUTION_LOG, "aws:cloudwatch/logGroup:LogGroup")
    assert [urn.rpartition("::")[2] for urn in log.property_dependencies["name"]] == ["api-api"]


def test_there_are_no_other_physical_names(graph: StackGraph) -> None:
    properties = {property_ for property_, _ in NAMES.values()}
    with_name = {resource.type for resource in graph if resource.custom and properties & set(resource.inputs)}
    # The parts of a bucket name the bucket that they belong to, by its id.
    of_buckets = {type_ for type_ in with_name if type_.startswith("aws:s3/")} - {"aws:s3/bucket:Bucket"}
    assert with_name - of_buckets - INNER_NAMES == named_in(graph.stack)


def test_physical_names_are_unique_within_their_type(graph: StackGraph) -> None:
    names = [(resource.type, resource.inputs[NAMES[resource.type][0]]) for resource in graph.of_type(*NAMES)]
    assert len(set(names)) == len(names)


def test_stacks_give_no_mistakes_and_no_warnings(stack: str) -> None:
    evaluation = preview(stack)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
