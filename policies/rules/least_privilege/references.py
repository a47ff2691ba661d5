"""What resources name of other accounts: keys, code, targets, peers. Data and commands go where these lead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.graph import UNKNOWN, path_text, walk
from policies.rules.documents import Statement, parse
from policies.rules.least_privilege.sharing import own_accounts
from policies.rules.least_privilege.statements import TYPES, documents
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check_false, fail, rule, unknown

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_TYPES = (
    "aws:apigateway/authorizer:Authorizer",
    "aws:apigateway/integration:Integration",
    "aws:apigateway/stage:Stage",
    "aws:apigatewayv2/authorizer:Authorizer",
    "aws:apigatewayv2/integration:Integration",
    "aws:apprunner/service:Service",
    "aws:appsync/dataSource:DataSource",
    "aws:backup/plan:Plan",
    "aws:backup/vault:Vault",
    "aws:cloudtrail/trail:Trail",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    "aws:cloudwatch/eventArchive:EventArchive",
    "aws:cloudwatch/eventBus:EventBus",
    "aws:cloudwatch/eventConnection:EventConnection",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy",
    "aws:cloudwatch/logDelivery:LogDelivery",
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
    "aws:cloudwatch/logDestination:LogDestination",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:cloudwatch/metricStream:MetricStream",
    "aws:codebuild/project:Project",
    "aws:codepipeline/pipeline:Pipeline",
    "aws:cognito/identityPool:IdentityPool",
    "aws:cognito/userPool:UserPool",
    "aws:dms/replicationTask:ReplicationTask",
    "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination",
    "aws:dynamodb/table:Table",
    "aws:dynamodb/tableExport:TableExport",
    "aws:dynamodb/tableReplica:TableReplica",
    "aws:ebs/volume:Volume",
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
    "aws:ec2/route:Route",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission",
    "aws:ec2/vpcEndpointService:VpcEndpointService",
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple",
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment",
    "aws:ecr/replicationConfiguration:ReplicationConfiguration",
    "aws:ecr/repository:Repository",
    "aws:ecs/taskDefinition:TaskDefinition",
    "aws:efs/fileSystem:FileSystem",
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/cluster:Cluster",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
    "aws:kinesis/stream:Stream",
    "aws:kms/alias:Alias",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:lambda/function:Function",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "aws:lb/listener:Listener",
    "aws:oam/link:Link",
    "aws:oam/sink:Sink",
    "aws:opensearch/domain:Domain",
    "aws:pipes/pipe:Pipe",
    "aws:ram/principalAssociation:PrincipalAssociation",
    "aws:rds/cluster:Cluster",
    "aws:rds/clusterSnapshot:ClusterSnapshot",
    "aws:rds/eventSubscription:EventSubscription",
    "aws:rds/instance:Instance",
    "aws:rds/snapshot:Snapshot",
    "aws:route53/vpcAssociationAuthorization:VpcAssociationAuthorization",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/inventory:Inventory",
    "aws:scheduler/schedule:Schedule",
    "aws:secretsmanager/secret:Secret",
    "aws:secretsmanager/secretRotation:SecretRotation",
    "aws:sfn/stateMachine:StateMachine",
    "aws:sns/topic:Topic",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sqs/queue:Queue",
    "aws:timestreamwrite/database:Database",
    "aws:timestreamwrite/table:Table",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
)
# Accounts in texts: in ARNs, in the names of registries, in the addresses of queues, before the id of a security group.
_IN_TEXT = re.compile(
    r"\barn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})[:/]|\b(\d{12})\.dkr\.ecr\.|"
    r"\bsqs\.[a-z0-9-]+\.amazonaws\.com/(\d{12})/|^(\d{12})/sg-"
)
_NUMBER = re.compile(r"\d{12}")
# Properties that hold accounts as numbers.
_ACCOUNT = re.compile(r"account|owner|principal|organization", re.IGNORECASE)
# Whom a policy lets in is judged by the rules about policies, and tags and descriptions lead nowhere.
_APART = frozenset({"policy", "assumeRolePolicy", "inlinePolicies", "accessPolicies", "tags", "tagsAll", "description"})
# Accounts of AWS from which everybody takes layers and images.
_PUBLISHERS = ["017000801446", "580247275435", "602401143452", "763104351884", "901920570463", "027255383542"]


@rule(
    "LP-200",
    "reference-stays-in-trusted-accounts",
    pack="least_privilege",
    types=_TYPES,
    severity="high",
    scope="stack",
    rationale="A key, a target or code of another account is under its administrators: they see, stop or change it.",
    url=f"{_IAM}/confused-deputy.html",
    remediation="Refer to a resource of the stack's own account; add an account that is meant to `trusted_accounts`.",
    criteria=("TRADING-13.4", "TRADING-17.2"),
    parameters={"trusted_accounts": [], "publishers": _PUBLISHERS},
)
def references(view: View) -> Outcome:
    """`publishers` are accounts of AWS. What is not known comes from a resource, which is judged by itself."""
    trusted = own_accounts(view) | {str(each) for each in view.parameters["publishers"]}
    outcomes = [PASS]
    for name in view.resource.inputs:
        if name in _APART:
            continue
        for path, value in walk(view.get(name), (name,)):
            found = [each for each in _accounts(str(path), value) if each not in trusted]
            if found:
                shown = f"{', '.join(dict.fromkeys(found))}, not known as trusted"
                outcomes.append(fail(path_text(path), shown, "an account of the stack's own"))
    return all_of(outcomes)


def _accounts(path: str, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        return
    if _NUMBER.fullmatch(value) and _ACCOUNT.search(path):
        yield value
    for groups in _IN_TEXT.findall(value):
        yield from (each for each in groups if each)


_SHARED = {
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": "group",
    "aws:rds/clusterSnapshot:ClusterSnapshot": "sharedAccounts",
    "aws:rds/snapshot:Snapshot": "sharedAccounts",
    "aws:ec2/vpcEndpointService:VpcEndpointService": "allowedPrincipals",
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple": "principalArn",
}


@rule(
    "LP-201",
    "share-is-not-with-everybody",
    pack="least_privilege",
    types=tuple(_SHARED),
    severity="critical",
    rationale="A snapshot, an image or a service that is shared with all is open to every account of AWS.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-1",
    remediation="Name the accounts that it is shared with, or leave the sharing out.",
)
def public_share(view: View) -> Outcome:
    path = _SHARED[view.type]
    given = view.items(path)
    if given is None:
        # Whom AWS decides is nobody: only what is written out says "all".
        return NOT_APPLICABLE
    open_ = [each for each in given if isinstance(each, str) and each.strip().lower() in ("*", "all")]
    return fail(path, open_[0], "named accounts") if open_ else PASS


@rule(
    "LP-202",
    "resource-share-stays-in-organization",
    pack="least_privilege",
    types=("aws:ram/resourceShare:ResourceShare",),
    severity="high",
    rationale="A share that takes outsiders can be handed to any account by whoever may change its principals.",
    url="https://docs.aws.amazon.com/ram/latest/userguide/working-with-sharing-create.html",
    remediation="Leave out allow_external_principals, or set it to False.",
)
def share(view: View) -> Outcome:
    return check_false(view, "allowExternalPrincipals")


@rule(
    "LP-203",
    "kms-grant-hands-nothing-on",
    pack="least_privilege",
    types=("aws:kms/grant:Grant",),
    severity="high",
    rationale="Whoever may make grants by a grant gives the use of the key to anybody, past the key's policy.",
    url="https://docs.aws.amazon.com/kms/latest/developerguide/grants.html",
    remediation="Leave CreateGrant out of operations.",
    controls=("KMS.5",),
)
def grant(view: View) -> Outcome:
    operations = view.items("operations")
    expected = "operations without CreateGrant"
    if operations is None:
        return unknown("operations", expected)
    handed = [number for number, each in enumerate(operations) if str(each).lower() == "creategrant"]
    hidden = [unknown("operations", expected)] if UNKNOWN in operations else []
    return all_of([PASS, *hidden, *(fail(f"operations.{number}", "CreateGrant", expected) for number in handed)])


_ROLE = "aws:iam/role:Role"


@rule(
    "LP-209",
    "iam-policy-stays-in-trusted-accounts",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    scope="stack",
    rationale="A role that writes to another account, or that another's resources use, carries data over there.",
    url=f"{_IAM}/reference_policies_condition-keys.html",
    remediation="Name resources and sources of the stack's own account; add one that is meant to `trusted_accounts`.",
    criteria=("TRADING-16.4",),
    parameters={"trusted_accounts": [], "publishers": _PUBLISHERS},
)
def identity(view: View) -> Outcome:
    """Who may take a role on is judged by the rules about principals; here it is for whom a service may do so."""
    trusted = own_accounts(view) | {str(each) for each in view.parameters["publishers"]}
    found = documents(view)
    if view.type == _ROLE:
        found.append(parse(view.get("assumeRolePolicy"), "assumeRolePolicy"))
    outcomes = []
    for policy in found:
        outcomes.append(PASS)
        for statement in policy.allowing():
            named = [*((path, text) for path, text in _named(statement))]
            others = [(path, each) for path, text in named for each in _accounts(path, text) if each not in trusted]
            for path in dict.fromkeys(path for path, _ in others):
                shown = ", ".join(dict.fromkeys(each for place, each in others if place == path))
                outcomes.append(fail(path, f"{shown}, not known as trusted", "an account of the stack's own"))
    return all_of(outcomes)


def _named(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield what a statement's resources and conditions name, with the path and, of conditions, the key."""
    yield from ((f"{statement.path}.Resource", text) for text in statement.resources)
    for condition in statement.conditions:
        if not condition.operator.rpartition(":")[2].startswith(("stringnot", "arnnot")):
            yield from ((f"{statement.path}.Condition.{condition.key}", text) for text in condition.values)
