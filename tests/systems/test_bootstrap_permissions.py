"""systems.bootstrap: who may assume the pipeline's roles, and what each may do, compared with what the stacks are."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

import pytest

from plumbline.graph import Resource, StackGraph
from systems.bootstrap.data import permissions
from tests.evaluations import preview
from tests.systems.bootstrap_actions import BY_SETTING, COLLECTIONS, LATER, LOOKING, NEEDED, RELEASE
from tests.systems.bootstrap_graphs import ACCOUNTS, BASES, STACKS, actions, built, document

LONGEST_POLICY = 6144  # characters of a managed policy, spaces apart (IAM: "IAM and AWS STS quotas")
MOST_POLICIES = 10  # managed policies of a role, by default (the same)
# Parts of WebSocket APIs, which have neither tags nor their API's.
SOCKET_PARTS = [f"apis/*/{part}{rest}" for part in ("authorizers", "integrations", "routes") for rest in ("", "/*")]
HOST = "token.actions.githubusercontent.com"


def managed(graph: StackGraph, role: str) -> list[dict[str, Any]]:
    """Return the statements of the managed policies that are attached to a role."""
    policies = [
        graph.resources[urn]
        for attachment in graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if attachment.get("role") == role
        for urn in attachment.property_dependencies["policyArn"]
    ]
    assert policies
    return [statement for policy in policies for statement in document(policy)]


def inline(graph: StackGraph, role: str) -> list[dict[str, Any]]:
    policies = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    return [statement for policy in policies if policy.get("role") == role for statement in document(policy)]


def permits(statements: list[dict[str, Any]], action: str, arn: str) -> bool:
    """Say whether a statement allows an action, on an ARN if there is one. Conditions are left out of account."""
    return any(
        any(fnmatch.fnmatchcase(action, allowed) for allowed in statement["Action"])
        and (not arn or any(fnmatch.fnmatchcase(arn, resource) for resource in statement["Resource"]))
        for statement in statements
    )


def trusted_services(graph: StackGraph) -> set[str]:
    return {
        statement["Principal"]["Service"]
        for role in graph.of_type("aws:iam/role:Role")
        for statement in document(role, "assumeRolePolicy")
    }


@pytest.fixture(params=["bootstrap", "bootstrap-prod"])
def base(request: pytest.FixtureRequest) -> StackGraph:
    """The preview graph of each bootstrap stack in turn."""
    return preview(request.param).graph


@pytest.fixture(params=BASES)
def environment(request: pytest.FixtureRequest) -> str:
    """Each environment in turn."""
    return request.param


# Who may assume the roles.


def test_each_role_trusts_the_one_subject_of_its_environment(environment: str) -> None:
    graph = preview(BASES[environment]).graph
    provider = f"arn:aws:iam::{ACCOUNTS[environment]}:oidc-provider/{HOST}"

    def trust(subject: str) -> list[dict[str, Any]]:
        wanted = {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": [f"repo:example-org/plumbline:{subject}"]}
        return [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": wanted},
            }
        ]

    own = (f"github-deploy-{environment}", f"github-preview-{environment}")
    roles = [role for role in graph.of_type("aws:iam/role:Role") if role.name in own]
    assert {role.get("name"): document(role, "assumeRolePolicy") for role in roles} == {
        f"bootstrap-deploy-{environment}": trust(f"environment:{environment}"),
        f"bootstrap-preview-{environment}": trust(f"environment:{environment}-preview"),
    }


def test_no_subject_has_a_wildcard(base: StackGraph) -> None:
    roles = [role for role in base.of_type("aws:iam/role:Role") if role.name.startswith("github-")]
    conditions = [statement["Condition"] for role in roles for statement in document(role, "assumeRolePolicy")]
    assert len(conditions) == 2 * list(BASES.values()).count(base.stack)
    assert [condition for condition in conditions if set(condition) != {"StringEquals"}] == []
    assert [text for text in map(json.dumps, conditions) if "*" in text or "?" in text] == []


# What the roles may do.


def test_the_preview_role_looks_and_reads_nothing_but_state(environment: str) -> None:
    graph = preview(BASES[environment]).graph
    role = f"bootstrap-preview-{environment}"
    assert actions(managed(graph, role)) == LOOKING
    bucket = f"arn:aws:s3:::bootstrap-state-{ACCOUNTS[environment]}"
    key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/bootstrap-secrets"}}
    assert [
        (statement["Action"], statement["Resource"], statement.get("Condition")) for statement in inline(graph, role)
    ] == [
        (["kms:Decrypt", "kms:DescribeKey"], [f"arn:aws:kms:us-east-1:{ACCOUNTS[environment]}:key/*"], key),
        (["s3:ListBucket"], [bucket], {"StringLike": {"s3:prefix": [environment, f"{environment}/*"]}}),
        (["s3:GetObject"], [f"{bucket}/{environment}/*"], None),
    ]


def test_looking_is_getting_listing_and_describing() -> None:
    verbs = {action.partition(":")[2] for action in LOOKING}
    # API Gateway's actions are the methods of HTTP, Budgets has one to look, and the provider has definitions checked
    # in previews.
    others = {"GET", "ValidateStateMachineDefinition", "ViewBudget"}
    assert [verb for verb in verbs - others if not verb.startswith(("Describe", "Get", "List"))] == []


def test_looking_shows_no_keys_of_tenants(environment: str) -> None:
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-preview-{environment}")
    resources = [resource for s in statements if permits([s], "apigateway:GET", "") for resource in s["Resource"]]
    parts = ("apis/*", "domainnames/*", "restapis/*", *SOCKET_PARTS)
    assert resources == [f"arn:aws:apigateway:us-east-1::/{part}" for part in parts]


@pytest.mark.parametrize(
    "action",
    [
        "cognito-idp:AdminGetUser",
        "cognito-idp:DescribeUserPoolClient",
        "cognito-idp:ListUsers",
        "dynamodb:GetItem",
        "dynamodb:GetRecords",
        "dynamodb:Query",
        "dynamodb:Scan",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "lambda:InvokeFunction",
        "logs:GetLogEvents",
        "logs:FilterLogEvents",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "secretsmanager:GetSecretValue",
        "sqs:ReceiveMessage",
        "ssm:GetParameter",
        "states:DescribeExecution",
        "states:GetExecutionHistory",
        "timestream:Select",
    ],
)
def test_looking_reads_no_data(action: str) -> None:
    assert [allowed for allowed in LOOKING if fnmatch.fnmatchcase(action, allowed)] == []


def test_the_deploy_role_may_do_what_the_preview_role_may(environment: str) -> None:
    graph = preview(BASES[environment]).graph
    deploy, look = (managed(graph, f"bootstrap-{kind}-{environment}") for kind in ("deploy", "preview"))
    assert [
        (action, resource)
        for statement in look
        for action in statement["Action"]
        for resource in statement["Resource"]
        if not permits(deploy, action, resource)
    ] == []


def test_the_deploy_role_changes_state_and_encrypts_its_secrets(environment: str) -> None:
    statements = inline(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    bucket = f"arn:aws:s3:::bootstrap-state-{ACCOUNTS[environment]}"
    assert [(statement["Action"], statement["Resource"]) for statement in statements] == [
        (
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            [f"arn:aws:kms:us-east-1:{ACCOUNTS[environment]}:key/*"],
        ),
        (["s3:ListBucket"], [bucket]),
        (["s3:GetObject", "s3:DeleteObject", "s3:PutObject"], [f"{bucket}/{environment}/*"]),
    ]


def needed(graph: StackGraph) -> Iterator[tuple[Resource, str, str]]:
    """Yield (resource, ARN, action) for everything that a stack takes to be made and removed."""
    account = ACCOUNTS[STACKS[graph.stack]]
    for resource in graph:
        service, kind, _ = (*resource.type.split(":"), "", "")[:3]
        if service != "aws":
            continue
        arn, words = NEEDED.get(kind, ("", f"{kind}: add its row to NEEDED in tests/systems/bootstrap_actions.py"))
        found = arn.format_map({"account": account, **resource.inputs, **LATER.get(resource.name, {})})
        for action in words.split():
            yield resource, found, action


@pytest.mark.parametrize("stack", STACKS)
def test_every_type_of_the_stacks_has_a_row(stack: str) -> None:
    types = {resource.type.split(":")[1] for resource in preview(stack).graph if resource.type.startswith("aws:")}
    assert sorted(types - NEEDED.keys()) == []


def test_every_row_is_of_a_type_of_the_stacks() -> None:
    graphs = [preview(stack).graph for stack in STACKS]
    types = {resource.type.split(":")[1] for graph in graphs for resource in graph if resource.type.startswith("aws:")}
    assert sorted(NEEDED.keys() - types) == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_deploy_role_may_make_and_remove_everything_of_its_stack(stack: str) -> None:
    environment = STACKS[stack]
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    graph = preview(stack).graph
    wanted = {(resource.type, arn, action) for resource, arn, action in needed(graph)}
    assert {row[0] for row in wanted} == {resource.type for resource in graph if resource.type.startswith("aws:")}
    assert sorted(row for row in wanted if not permits(statements, row[2], row[1])) == []


def test_the_deploy_role_may_add_to_the_collections_of_api_gateway(environment: str) -> None:
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    assert [arn for arn, action in COLLECTIONS.items() if not permits(statements, action, arn)] == []


@pytest.mark.parametrize("action", RELEASE)
def test_the_deploy_role_releases_the_agentic_system_and_invokes_no_other(environment: str, action: str) -> None:
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    resources = [resource for s in statements if permits([s], action, "") for resource in s["Resource"]]
    arn = RELEASE[action].format(account=ACCOUNTS[environment], environment=environment)
    assert resources == [arn]


@pytest.mark.parametrize("type_", BY_SETTING)
def test_the_deploy_role_may_make_and_remove_what_a_setting_asks_for(type_: str) -> None:
    statements = managed(preview("bootstrap").graph, "bootstrap-deploy-test")
    assert [action for action in BY_SETTING[type_].split() if not permits(statements, action, "")] == []


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_the_deploy_role_writes_the_log_of_its_own_runs_and_no_other(environment: str, action: str) -> None:
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    group = f"arn:aws:logs:us-east-1:{ACCOUNTS[environment]}:log-group:/pipeline/{environment}-runs"
    resources = [resource for s in statements if permits([s], action, "") for resource in s["Resource"]]
    assert resources == [group, f"{group}:log-stream:*"]


def test_the_deploy_role_brings_packages_and_pages_and_no_other_objects(environment: str) -> None:
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    buckets = {
        resource
        for s in statements
        if permits([s], "s3:PutObject", "") or permits([s], "s3:DeleteObject", "")
        for resource in s["Resource"]
    }
    account = ACCOUNTS[environment]
    assert buckets == {
        f"arn:aws:s3:::{environment}-{bucket}-{account}/*" for bucket in ("frontend-assets", "lambda-packages")
    }


def test_roles_are_passed_only_to_the_services_that_the_stacks_roles_trust(environment: str) -> None:
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    passing = [statement for statement in statements if permits([statement], "iam:PassRole", "")]
    trusted = {service for stack in STACKS for service in trusted_services(preview(stack).graph)}
    trusted.add("ecs-tasks.amazonaws.com")  # by setting
    assert passing == [
        {
            "Sid": "PassingRoles",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": [f"arn:aws:iam::{ACCOUNTS[environment]}:role/{environment}-*"],
            "Condition": {"StringEquals": {"iam:PassedToService": sorted(trusted)}},
        }
    ]


def test_keys_are_tagged_when_they_are_made_and_other_environments_keys_never() -> None:
    statements = managed(preview("bootstrap").graph, "bootstrap-deploy-test")
    conditions = [s["Condition"] for s in statements if permits([s], "kms:TagResource", "")]
    mine = {"StringEquals": {"aws:ResourceTag/Environment": "test"}}
    new = {
        "StringEquals": {"aws:RequestTag/Environment": "test"},
        "Null": {"aws:ResourceTag/Environment": "true"},
    }
    assert sorted(conditions, key=len) == [mine, new]


@pytest.mark.parametrize(
    "action",
    [
        "acm:AddTagsToCertificate",
        "backup:TagResource",
        "cloudfront:TagResource",
        "cognito-idp:TagResource",
        "lambda:TagResource",
        "logs:CreateDelivery",
        "logs:CreateLogGroup",
        "timestream-influxdb:TagResource",
    ],
)
def test_what_has_only_an_id_is_tagged_when_it_is_made_and_never_taken_over(action: str) -> None:
    statements = managed(preview("bootstrap").graph, "bootstrap-deploy-test")
    unnamed = [s for s in statements if permits([s], action, "") and not any("test-" in arn for arn in s["Resource"])]
    mine = {"StringEquals": {"aws:ResourceTag/Environment": "test"}}
    assert [s["Condition"] for s in unnamed if s["Condition"] != mine] == [
        {
            "StringEquals": {"aws:RequestTag/Environment": "test"},
            "Null": {"aws:ResourceTag/Environment": "true"},
        }
    ]


def test_only_policies_that_aws_maintains_for_its_services_are_attached(environment: str) -> None:
    statements = managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    attaching = [s for s in statements if permits([s], "iam:AttachRolePolicy", "")]
    attached = {
        attachment.inputs["policyArn"]
        for stack in STACKS
        for attachment in preview(stack).graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    }
    assert [s["Condition"] for s in attaching] == [{"ArnEquals": {"iam:PolicyARN": sorted(attached)}}]


def test_no_environments_role_may_touch_what_is_another_ones() -> None:
    graph = built(github__environments=["test", "prod", "test2"])
    for own in ("test", "prod", "test2"):
        for kind in ("deploy", "preview"):
            role = f"bootstrap-{kind}-{own}"
            text = json.dumps([*managed(graph, role), *inline(graph, role)])
            others = {"test", "prod", "test2"} - {own}
            assert [other for other in others if f"{other}-*" in text.replace(f"{own}-*", "")] == []
            assert [other for other in others if f'"{other}"' in text or f"/{other}/" in text] == []


def test_what_does_not_carry_the_environments_name_is_limited_by_region_or_tag_or_only_lists(environment: str) -> None:
    account = ACCOUNTS[environment]
    found = {
        statement["Sid"]: (
            [arn for arn in statement["Resource"] if f"{environment}-" not in arn],
            statement.get("Condition"),
        )
        for statement in managed(preview(BASES[environment]).graph, f"bootstrap-deploy-{environment}")
    }
    region = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    tag = {"StringEquals": {"aws:ResourceTag/Environment": environment}}
    new = {"StringEquals": {"aws:RequestTag/Environment": environment}}
    untagged = {**new, "Null": {"aws:ResourceTag/Environment": "true"}}
    linked = ["backup", "dynamodb.application-autoscaling", "ecs", "elasticache", "elasticloadbalancing"]
    linked += ["ops.apigateway", "timestream-influxdb"]
    services = {"StringEquals": {"iam:AWSServiceName": [f"{service}.amazonaws.com" for service in linked]}}
    mappings = f"arn:aws:lambda:us-east-1:{account}:event-source-mapping:*"
    callees = {"ArnLike": {"lambda:FunctionArn": f"arn:aws:lambda:us-east-1:{account}:function:{environment}-*"}}
    collections = ("apikeys", "apis", "apis/*/stages", "domainnames", "restapis", "usageplans")
    api, ec2 = "arn:aws:apigateway:us-east-1::", f"arn:aws:ec2:us-east-1:{account}"
    execution = f"arn:aws:logs:us-east-1:{account}:log-group:API-Gateway-Execution-Logs_*"
    influx = f"arn:aws:timestream-influxdb:us-east-1:{account}:*"
    scopes = ("regional", "global")
    managed_rules = [f"arn:aws:wafv2:us-east-1:{account}:{scope}/managedruleset/*/*" for scope in scopes]
    plans = f"arn:aws:backup:us-east-1:{account}:backup-plan:*"
    cloudfront = f"arn:aws:cloudfront::{account}"
    delivery_parts = ("cache-policy", "origin-access-control", "response-headers-policy")
    record_types, types = "route53:ChangeResourceRecordSetsRecordTypes", ["A", "AAAA", "CNAME"]
    assert {sid: row for sid, row in found.items() if row[0]} == {
        "TableScaling": ([f"arn:aws:application-autoscaling:us-east-1:{account}:scalable-target/*"], None),
        "TableScalingList": (["*"], region),
        "Parameters": ([f"arn:aws:ssm:us-east-1:{account}:parameter/agenticai/{environment}/*"], None),
        "ParameterList": (["*"], region),
        "SecretPasswords": (["*"], None),
        "NewKeys": (["*"], untagged),
        "Keys": ([f"arn:aws:kms:us-east-1:{account}:key/*"], tag),
        "KeyAliasList": (["*"], None),
        "VaultStorage": (["*"], None),
        "NewBackupPlans": ([plans], untagged),
        "BackupPlans": ([plans], tag),
        "EventSources": (["*"], callees),
        "NewEventSourceTags": ([mappings], untagged),
        "EventSourceTags": ([mappings], tag),
        "ContainerDefinitions": (["*"], region),
        "TableCopyList": (["*"], region),
        "LogList": ([f"arn:aws:logs:us-east-1:{account}:log-group:*"], None),
        "NewApis": ([f"{api}/{kind}" for kind in collections], new),
        "Apis": ([f"{api}/{kind}/*" for kind in ("apis", "domainnames", "restapis")], tag),
        "SocketParts": ([f"{api}/{part}" for part in SOCKET_PARTS], None),
        "ApiKeys": ([f"{api}/apikeys/*", f"{api}/usageplans/*"], tag),
        "ApiTags": ([f"{api}/tags/*"], {"StringEqualsIfExists": new["StringEquals"]}),
        "NewExecutionLogs": ([execution], untagged),
        "ExecutionLogs": ([execution], tag),
        "FirewallRules": (managed_rules, None),
        "FirewallStages": ([f"{api}/restapis/*/stages/*"], None),
        "ProtectedStages": ([f"{api}/restapis/*/stages/*"], tag),
        "FirewallLogs": (["*"], {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "us-east-1"]}}),
        "NewUserPools": (["*"], untagged),
        "UserPools": ([f"arn:aws:cognito-idp:us-east-1:{account}:userpool/*"], tag),
        "BusPolicies": (["*"], region),
        "Subscriptions": (["*"], region),
        "WorkflowDefinitions": (["*"], region),
        "Records": (["arn:aws:route53:::hostedzone/*"], {"ForAllValues:StringEquals": {record_types: types}}),
        "Zones": (["arn:aws:route53:::change/*", "arn:aws:route53:::hostedzone/*"], None),
        "ZoneList": (["*"], None),
        "HealthChecks": (["arn:aws:route53:::healthcheck/*"], None),
        "NewDistributions": ([f"{cloudfront}:distribution/*"], untagged),
        "Distributions": ([f"{cloudfront}:distribution/*"], tag),
        "DeliveryParts": ([f"{cloudfront}:{kind}/*" for kind in delivery_parts], None),
        "NewLogDeliveries": ([f"arn:aws:logs:us-east-1:{account}:delivery:*"], untagged),
        "LogDeliveries": ([f"arn:aws:logs:us-east-1:{account}:delivery:*"], tag),
        "NewCertificates": (["*"], untagged),
        "Certificates": ([f"arn:aws:acm:*:{account}:certificate/*"], tag),
        "CompositeAlarms": (["*"], region),
        "SeriesEndpoints": (["*"], region),
        "NewInflux": ([influx], untagged),
        "Influx": ([influx], tag),
        "InfluxInterfaces": ([f"{ec2}:{kind}/*" for kind in ("network-interface", "security-group", "subnet")], None),
        "NetworkState": (["*"], region),
        "LoadBalancerState": (["*"], region),
        "PrefixLists": (["arn:aws:ec2:us-east-1:aws:prefix-list/*"], None),
        "NewNetwork": ([f"{ec2}:*"], untagged),
        "NewNetworkRules": ([f"{ec2}:security-group-rule/*"], new),
        "Network": ([f"{ec2}:*"], tag),
        "ServiceLinkedRoles": ([f"arn:aws:iam::{account}:role/aws-service-role/*"], services),
    }


def test_managed_policies_are_short_enough_for_the_longest_names() -> None:
    graph = built(
        github__environments=["environment1"],
        region="us-gov-northeast-1",
        deployment__role="r" * 64,
    )
    lengths = {
        policy.name: len("".join(policy.inputs["policy"].split())) for policy in graph.of_type("aws:iam/policy:Policy")
    }
    assert len(lengths) == 2 * len(permissions())
    assert len(permissions()) <= MOST_POLICIES
    assert {name: length for name, length in lengths.items() if length > LONGEST_POLICY} == {}
