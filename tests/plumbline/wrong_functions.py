"""Wrong programs about functions, roles and resources that are named without being depended on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    LAYER,
    REGION,
    Wrong,
    alias,
    function,
    log_group,
    policy_text,
    provider,
    provisioned,
    queue,
    role,
    role_policy,
    statement,
    table,
    trust_statement,
)


def dead_letters(*, policies: int = 1, depends: bool = True) -> None:
    """A function with a dead-letter queue, and its role's policies."""
    worker, letters, group = role(), queue(), log_group()
    allowed = [role_policy(worker, f"allowed-{number}") for number in range(policies)]
    function(
        owner=worker,
        needs=[group, *(allowed if depends else ())],
        dead_letter_config={"target_arn": letters.arn},
    )


def _no_needed_log_group() -> None:
    log_group()
    function(needs=[])


def _variables(**values: Any) -> Callable[[], Any]:
    return lambda: function(environment={"variables": values})


FUNCTIONS = [
    Wrong(
        "memory 20000",
        lambda: function(memory_size=20_000),
        "memorySize",
        "20000 given; allowed: at most 10240 MB",
    ),
    Wrong("timeout 1000", lambda: function(timeout=1000), "timeout", "1000 given; allowed: at most 900 seconds"),
    Wrong(
        "name of 65 characters",
        lambda: function(name="w" * 65, needs=[log_group("/aws/lambda/" + "w" * 65)]),
        "name",
        "65 characters given; allowed: at most 64",
    ),
    Wrong(
        "6 layers",
        lambda: function(layers=[f"{LAYER}:{number}" for number in range(1, 7)]),
        "layers",
        "6 given; allowed: at most 5",
    ),
    Wrong(
        "environment above 4 KB",
        _variables(NOTE="n" * 4093),
        "environment.variables",
        "4097 bytes given; allowed: at most 4096",
    ),
    Wrong(
        "secret environment above 4 KB",
        lambda: function(environment={"variables": {"NOTE": pulumi.Output.secret("é" * 2047)}}),
        "environment.variables",
        "4098 bytes given; allowed: at most 4096",
    ),
    Wrong(
        "reserved variable",
        _variables(AWS_REGION="eu-west-1"),
        "environment.variables.AWS_REGION",
        "a name that Lambda reserves",
    ),
    Wrong(
        "variable with a hyphen",
        lambda: function(environment={"variables": {"LOG-LEVEL": "info"}}),
        'environment.variables["LOG-LEVEL"]',
        "begins with a letter",
    ),
    Wrong("no code", lambda: function(code=None), "code", "nothing given; exactly one of code, s3Bucket, imageUri"),
    Wrong(
        "two codes",
        lambda: function(s3_bucket="packages", s3_key="work.zip"),
        "code",
        "code and s3Bucket given; exactly one",
    ),
    Wrong(
        "bucket without key",
        lambda: function(code=None, s3_bucket="packages"),
        "s3Key",
        "missing; a package in a bucket needs its key",
    ),
    Wrong("zip without handler", lambda: function(handler=None), "handler", "missing; a function of package type Zip"),
    Wrong("zip without runtime", lambda: function(runtime=None), "runtime", "missing; a function of package type Zip"),
    Wrong(
        "image with handler",
        lambda: function(code=None, image_uri="work:1", package_type="Image", runtime=None),
        "handler",
        "given, but a function of package type Image takes none",
    ),
    Wrong("no log group", lambda: function(needs=[]), "name", "no log group '/aws/lambda/work' is declared"),
    Wrong(
        "no such log group as configured",
        lambda: function(logging_config={"log_format": "JSON", "log_group": "/work"}),
        "name",
        "no log group '/work' is declared",
    ),
    Wrong("log group not depended on", _no_needed_log_group, "name", "the function must depend on its log group logs"),
    Wrong(
        "dead letters that the role may not send",
        lambda: dead_letters(policies=0),
        "deadLetterConfig",
        "the function's role has no permissions for it",
    ),
    Wrong(
        "dead letters before the role may send them",
        lambda: dead_letters(depends=False),
        "deadLetterConfig",
        "the function must depend on its role's policy allowed-0",
    ),
    Wrong(
        "provisioned on $LATEST",
        lambda: provisioned(function(publish=True), qualifier="$LATEST"),
        "qualifier",
        "$LATEST given; a published version or an alias is needed",
    ),
    Wrong(
        "provisioned above reserved",
        lambda: provisioned(function(publish=True, reserved_concurrent_executions=1)),
        "reservedConcurrentExecutions",
        "1 given; 2 provisioned need at least as many",
    ),
    Wrong(
        "alias of a function without versions",
        lambda: alias(function()),
        "functionVersion",
        "function work publishes no versions",
    ),
]


def _two_long_policies() -> None:
    worker = role()
    for name in ("first", "second"):
        actions = [f"dynamodb:Action{number:04}" for number in range(240)]
        role_policy(worker, name, policy=policy_text(statement(Action=actions)))


def _eleven_managed() -> None:
    worker = role(managed_policy_arns=[f"arn:aws:iam::aws:policy/Managed{number}" for number in range(10)])
    aws.iam.RolePolicyAttachment("eleventh", role=worker.id, policy_arn="arn:aws:iam::aws:policy/Managed10")


def _trusted(*statements: dict[str, Any], **changes: Any) -> Callable[[], Any]:
    return lambda: role(assume_role_policy=policy_text(*statements, **changes))


def _allowed(*statements: Any, **changes: Any) -> Callable[[], Any]:
    return lambda: role_policy(role(), policy=policy_text(*statements, **changes))


def _many_accounts() -> list[str]:
    return [f"arn:aws:iam::{number:012}:root" for number in range(80)]


IAM = [
    Wrong(
        "trust without principal",
        _trusted(trust_statement(Principal=None)),
        "assumeRolePolicy.Statement[0].Principal",
        "missing; a trust policy says who may assume the role",
    ),
    Wrong(
        "trust with resource",
        _trusted(trust_statement(), trust_statement(Resource="*")),
        "assumeRolePolicy.Statement[1].Resource",
        "given, but a trust policy takes none",
    ),
    Wrong("trust not JSON", lambda: role(assume_role_policy="{'Version'}"), "assumeRolePolicy", "not JSON: "),
    Wrong(
        "trust above 2,048 characters",
        _trusted(trust_statement(Principal={"AWS": _many_accounts()})),
        "assumeRolePolicy",
        "characters given; allowed: at most 2048",
    ),
    Wrong(
        "trust of another version",
        _trusted(trust_statement(), Version="2008-10-17"),
        "assumeRolePolicy.Version",
        "'2008-10-17' given; allowed: '2012-10-17'",
    ),
    Wrong(
        "policy without statements",
        lambda: role_policy(role(), policy='{"Version": "2012-10-17"}'),
        "policy",
        "a policy document with a Statement is needed",
    ),
    Wrong("statement not an object", _allowed("all"), "policy.Statement[0]", "an object is needed"),
    Wrong(
        "effect in small letters",
        _allowed(statement(Effect="allow")),
        "policy.Statement[0].Effect",
        "'allow' given; allowed: Allow, Deny",
    ),
    Wrong(
        "identity policy with principal",
        _allowed(statement(), statement(Principal="*")),
        "policy.Statement[1].Principal",
        "given, but an identity policy takes none",
    ),
    Wrong(
        "Action and NotAction",
        _allowed(statement(NotAction="dynamodb:Scan")),
        "policy.Statement[0].Action",
        "exactly one of Action and NotAction is needed",
    ),
    Wrong(
        "action without service",
        _allowed(statement(Action=["dynamodb:GetItem", "PutItem"])),
        "policy.Statement[0].Action",
        "'PutItem' given; an action is service:Name",
    ),
    Wrong(
        "no resource",
        _allowed(statement(Resource=None)),
        "policy.Statement[0].Resource",
        "exactly one of Resource and NotResource is needed",
    ),
    Wrong(
        "resource not an ARN",
        _allowed(statement(Resource=["*", "table/orders"])),
        "policy.Statement[0].Resource",
        "'table/orders' given; an ARN or * is needed",
    ),
    Wrong(
        "managed policy with principal",
        lambda: aws.iam.Policy("shared", name="shared", policy=policy_text(statement(Principal="*"))),
        "policy.Statement[0].Principal",
        "given, but an identity policy takes none",
    ),
    Wrong("inline above 10,240 characters", _two_long_policies, "", "characters of inline policies; allowed: at most"),
    Wrong("11 managed policies", _eleven_managed, "managedPolicyArns", "11 managed policies attached; allowed: at"),
]


def _in_account(*accounts: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider(*accounts))


def composed_role(*accounts: str) -> None:
    """A function with the composed ARN of a role, in the given accounts or in ACCOUNT."""
    opts = _in_account(*accounts)
    role(opts=opts)
    function(opts=opts, owner=role("other", opts=opts), role=f"arn:aws:iam::{ACCOUNT}:role/worker")


def _composed_queue() -> None:
    opts = _in_account()
    worker = role(opts=opts)
    queue(opts=opts)
    function(
        opts=opts,
        owner=worker,
        needs=[log_group(), role_policy(worker)],
        dead_letter_config={"target_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"},
    )


def _composed_table() -> None:
    opts = _in_account()
    table(opts=opts)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    aws.dynamodb.ResourcePolicy(
        "orders", resource_arn=arn, policy=policy_text(statement(Principal="*", Resource=arn)), opts=opts
    )


def _named_role() -> None:
    role()
    aws.iam.RolePolicy("allowed", name="allowed", role="worker", policy=policy_text(statement()))


def _named_function() -> None:
    function(publish=True)
    aws.lambda_.Alias("live", name="live", function_name="work", function_version="1")


def composed_in_policy() -> None:
    """What a policy of an identity names need not exist yet."""
    opts = _in_account()
    table(opts=opts)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    role_policy(role(opts=opts), policy=json.dumps({"Version": "2012-10-17", "Statement": statement(Resource=arn)}))


REFERENCES = [
    Wrong("composed ARN of a role", composed_role, "role", "names aws:iam/role:Role worker without depending on it"),
    Wrong(
        "composed ARN of a queue",
        _composed_queue,
        "deadLetterConfig.targetArn",
        "names aws:sqs/queue:Queue letters without depending on it",
    ),
    Wrong(
        "composed ARN of a table",
        _composed_table,
        "resourceArn",
        "names aws:dynamodb/table:Table orders without depending on it; use its output",
        also=(("policy", "names aws:dynamodb/table:Table orders without depending on it"),),
    ),
    Wrong("plain name of a role", _named_role, "role", "names aws:iam/role:Role worker without depending on it"),
    Wrong(
        "plain name of a function",
        _named_function,
        "functionName",
        "names aws:lambda/function:Function work without depending on it",
    ),
]

WRONG_FUNCTIONS: list[Wrong] = [*FUNCTIONS, *IAM, *REFERENCES]
SOUND_FUNCTIONS: dict[str, Callable[[], Any]] = {
    "role": role,
    "policy": lambda: role_policy(role()),
    "function": function,
    "function at every limit": lambda: function(
        memory_size=10_240,
        timeout=900,
        layers=[f"{LAYER}:{number}" for number in range(1, 6)],
        environment={"variables": {"NOTE": "n" * 4092}},
    ),
    "function from a bucket": lambda: function(code=None, s3_bucket="packages", s3_key="work.zip"),
    "function from an image": lambda: function(
        code=None, image_uri="work:1", package_type="Image", runtime=None, handler=None
    ),
    "function with dead letters": dead_letters,
    "alias": lambda: alias(function(publish=True)),
    "provisioned concurrency": lambda: provisioned(function(publish=True, reserved_concurrent_executions=2)),
    "composed ARN in a policy": composed_in_policy,
}
