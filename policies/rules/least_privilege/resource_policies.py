"""Policies that lie on resources: buckets, queues, topics, keys, secrets, event buses, repositories and more."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.graph import UNKNOWN
from policies.rules.documents import Condition, Statement, document, restricts
from policies.rules.least_privilege.actions import MANAGING, has_wildcard, known, named, service_name
from policies.rules.least_privilege.sharing import (
    LAYER_PERMISSION,
    ORGANISATION_KEYS,
    PERMISSION,
    RESOURCE_POLICIES,
    accounts_asked,
    accounts_let_in,
    any_account,
    closed,
    each_allowing,
    for_services,
    in_organisation,
    named_account,
    open_principals,
    own_accounts,
    refuses_everybody,
    resource_policy,
    services,
)
from policies.rules.least_privilege.statements import several
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, fail, rule, unknown

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_TRUSTED = {"trusted_accounts": []}
EVENT_PERMISSION = "aws:cloudwatch/eventPermission:EventPermission"


@rule(
    "LP-050",
    "resource-policy-not-public",
    pack="least_privilege",
    types=(*RESOURCE_POLICIES, EVENT_PERMISSION),
    severity="critical",
    rationale="What a policy allows to everybody, anyone with an AWS account has, and often anyone at all.",
    url=f"{_IAM}/access-analyzer-resources.html",
    remediation="Name the principals, or ask with StringEquals for aws:SourceAccount, aws:PrincipalOrgID or the like.",
    controls=(
        *("SNS.4", "CKV_AWS_169", "CKV_AWS_385", "SQS.3", "CKV_AWS_72", "CKV_AWS_168", "CKV_AWS_387", "KMS.5"),
        *("CKV_AWS_33", "CKV_AWS_70", "CKV_AWS_32", "AwsSolutions-ECR1", "secretsmanager_not_publicly_accessible"),
        *("S3.2", "S3.3", "ses_identity_not_publicly_accessible"),
    ),
    criteria=("TRADING-05.4", "TRADING-09.5", "TRADING-13.4", "TRADING-17.2"),
)
def public(view: View) -> Outcome:
    if view.type == EVENT_PERMISSION:
        return _event_permission(view)

    def judge(statement: Statement) -> Iterator[Outcome]:
        if statement.not_principals:
            yield fail(f"{statement.path}.NotPrincipal", "Allow with NotPrincipal", "Allow with Principal")
        found = open_principals(statement)
        if found and not closed(statement):
            expected = "named principals, or a condition that names who of them"
            yield fail(f"{statement.path}.Principal", several(found), expected)

    return each_allowing(view, "named principals", judge)


def _event_permission(view: View) -> Outcome:
    """Judge the older way of letting others send events: one principal, with a condition on an organisation."""
    principal, of = view.get("principal"), view.get("condition.value")
    expected = "an account, or a condition on an organisation"
    if principal is UNKNOWN or (principal == "*" and of is UNKNOWN):
        return unknown("principal", expected)
    if principal == "*" and not (isinstance(of, str) and of.startswith("o-")):
        return fail("principal", "*", expected)
    return PASS


@rule(
    "LP-051",
    "resource-shared-with-trusted-accounts",
    pack="least_privilege",
    types=(
        *(*RESOURCE_POLICIES, EVENT_PERMISSION, PERMISSION, LAYER_PERMISSION),
        *("aws:kms/grant:Grant", "aws:ssm/document:Document"),
    ),
    severity="high",
    scope="stack",
    rationale="Another account has its own administrators: what it may use, they may hand on to anybody there.",
    url=f"{_IAM}/access-analyzer-concepts.html",
    remediation="Name identities of the stack's account; add an account that is meant to `trusted_accounts`.",
    controls=("S3.6", "KMS.5", "SQS.3", "SNS.4", "secretsmanager_has_restrictive_resource_policy"),
    criteria=("TRADING-09.5", "TRADING-13.4", "TRADING-17.2", "TRADING-17.5"),
    parameters={**_TRUSTED, "trusted_organizations": []},
)
def shared(view: View) -> Outcome:
    own = own_accounts(view)
    trusted = {str(each) for each in view.parameters["trusted_organizations"]}
    expected = "an account of the stack's own"
    if view.type in _ONE_PRINCIPAL:
        return all_of([_other(view, path, value, own) for path, value in _accounts_of(view)])

    def judge(statement: Statement) -> Iterator[Outcome]:
        if in_organisation(statement):
            strange = [each for each in _organisations(statement) if each not in trusted]
            if strange and open_principals(statement):
                yield fail(f"{statement.path}.Condition", f"{several(strange)}, not known as trusted", expected)
            return
        others = [shown for found, shown in accounts_let_in(statement) if found not in own]
        if others:
            yield fail(f"{statement.path}.Principal", f"{several(others)}, not known as trusted", expected)

    return each_allowing(view, expected, judge)


def _organisations(statement: Statement) -> Iterator[str]:
    """Yield the organisations that a statement asks the caller, or whom it acts for, to be of."""
    for condition in statement.condition(*ORGANISATION_KEYS):
        yield from (value.partition("/")[0] for value in condition.values)


# Types without a policy: the properties that say who is let in.
_ONE_PRINCIPAL = {
    EVENT_PERMISSION: ("principal",),
    PERMISSION: ("principal", "sourceAccount", "sourceArn"),
    LAYER_PERMISSION: ("principal",),
    "aws:kms/grant:Grant": ("granteePrincipal",),
    "aws:ssm/document:Document": ("permissions.accountIds",),
}


def _accounts_of(view: View) -> Iterator[tuple[str, object]]:
    """Yield what each property names, several accounts in one text by themselves."""
    for path in _ONE_PRINCIPAL[view.type]:
        value = view.get(path)
        for each in value if isinstance(value, list) else [value]:
            texts = each.split(",") if isinstance(each, str) else [each]
            yield from ((path, text.strip() if isinstance(text, str) else text) for text in texts)


def _other(view: View, path: str, value: object, own: frozenset[str]) -> Outcome:
    """Judge one principal. Services have no account, and everybody is for other rules to tell."""
    expected = "an account of the stack's own"
    if value is UNKNOWN:
        # What comes from a resource of the stack is of its account.
        made = view.resource.sources(path)
        return PASS if made else unknown(path, expected)
    if not isinstance(value, str) or not value:
        return NOT_APPLICABLE
    if not named_account(value) or named_account(value) in own:
        return PASS
    return fail(path, f"{value}, not known as trusted", expected)


@rule(
    "LP-052",
    "resource-policy-names-actions",
    pack="least_privilege",
    types=RESOURCE_POLICIES,
    severity="high",
    rationale="A pattern of actions that reaches the policy itself lets its holder give rights to others.",
    url=f"{_IAM}/reference_policies_elements_action.html",
    remediation="List the actions; in a key's policy, those that administer it apart from those that use it.",
    controls=("CKV_AWS_70", "CKV_AWS_33", "CKV_AWS_32", "CKV_AWS_72", "SQS.3", "SNS.4"),
    criteria=("TRADING-09.5", "TRADING-13.4", "TRADING-17.2"),
    parameters={"whole_services": []},
)
def actions(view: View) -> Outcome:
    """`whole_services` are patterns such as kms:* that are meant, for who takes AWS's usual key policy."""
    meant = {str(each).lower() for each in view.parameters["whole_services"]}

    def judge(statement: Statement) -> Iterator[Outcome]:
        for name, given in (("NotAction", statement.not_actions), ("NotResource", statement.not_resources)):
            if given:
                yield fail(f"{statement.path}.{name}", f"Allow with {name}", f"Allow with {name[3:]}")
        wide = [each for each in statement.actions if each not in meant and _reaches_policy(each)]
        if wide:
            yield fail(f"{statement.path}.Action", several(wide), "named actions")

    return each_allowing(view, "named actions", judge)


def _reaches_policy(pattern: str) -> bool:
    """Say whether a pattern is a whole service, or covers actions that manage permissions."""
    if not has_wildcard(pattern):
        return False
    name = pattern.partition(":")[2] or pattern
    return not set(name) - {"*", "?"} or any(action.level == MANAGING for action in known(pattern))


@rule(
    "LP-053",
    "resource-policy-names-source-of-service",
    pack="least_privilege",
    types=RESOURCE_POLICIES,
    severity="high",
    rationale="A service acts for all of its customers: without the source, anybody can have it act on this resource.",
    url=f"{_IAM}/confused-deputy.html",
    remediation="Ask with StringEquals for aws:SourceAccount, and with ArnLike for the ARN in aws:SourceArn.",
    controls=("S3.6", "SNS.4", "SQS.3", "KMS.5"),
    criteria=("TRADING-13.4", "TRADING-17.2", "TRADING-10.6"),
    parameters={"without_source": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
)
def source(view: View) -> Outcome:
    """`without_source` are services that do not send the source, so that a policy cannot ask for it."""
    silent = {service_name(str(each)) for each in view.parameters["without_source"]}

    def judge(statement: Statement) -> Iterator[Outcome]:
        sending = [each for each in services(statement) if service_name(each) not in silent]
        patterns = [
            value for each in statement.condition("aws:sourcearn") for value in each.values if any_account(value)
        ]
        if sending and patterns:
            yield fail(f"{statement.path}.Condition", f"any account in {several(patterns)}", "the account in the ARN")
            return
        if not sending or in_organisation(statement) or any(map(_names_source, statement.conditions)):
            return
        if not set(statement.actions) - {"kms:creategrant"} and for_services(statement):
            return  # AWS's documents ask for no more where a service holds a grant
        expected = "aws:SourceAccount, or aws:SourceArn with the account in it"
        yield fail(f"{statement.path}.Condition", f"{several(sending)} for anybody", expected)

    return each_allowing(view, "aws:SourceAccount or aws:SourceArn", judge)


def _names_source(condition: Condition) -> bool:
    """Say whether a condition names on whose behalf a service comes, in the request or in the encryption context."""
    if condition.key.startswith("kms:encryptioncontext:aws:") and restricts(condition):
        return all(named_account(value) for value in condition.values)
    return condition.key in ("aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "kms:calleraccount") and bool(
        accounts_asked(condition)
    )


# What S3.6 names besides actions that manage permissions.
_RISKY = frozenset({"s3:putencryptionconfiguration"})


@rule(
    "LP-054",
    "resource-policy-keeps-control",
    pack="least_privilege",
    types=RESOURCE_POLICIES,
    severity="high",
    scope="stack",
    rationale="Who may change a resource's policy decides about everything else: that stays in the own account.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-6",
    remediation="Take the actions that manage permissions out of statements for services and other accounts.",
    controls=("S3.6", "KMS.5"),
    criteria=("TRADING-13.4", "TRADING-17.2"),
)
def control(view: View) -> Outcome:
    """Accounts that may use a resource are not the own one here, however trusted."""
    own = own_accounts(view)
    expected = "no action that manages permissions"

    def judge(statement: Statement) -> Iterator[Outcome]:
        inside = [found in own for found, _ in accounts_let_in(statement)]
        if not services(statement) and all(inside) and (inside or not open_principals(statement)):
            return
        managing = [action.key for action in named(statement.actions) if action.level == MANAGING]
        managing += [action for action in statement.actions if action in _RISKY]
        if for_services(statement):
            managing = [action for action in managing if action != "kms:creategrant"]
        if managing:
            yield fail(f"{statement.path}.Action", several(managing), expected)

    return each_allowing(view, expected, judge)


VERSION = "2012-10-17"
_WITH_DEFAULT = ("aws:sns/topic:Topic", "aws:sqs/queue:Queue")


@rule(
    "LP-055",
    "resource-policy-is-well-formed",
    pack="least_privilege",
    types=RESOURCE_POLICIES,
    severity="medium",
    rationale="Nobody can say what a text allows that is no policy; without its version, variables are plain text.",
    url=f"{_IAM}/reference_policies_grammar.html",
    remediation=f'Give a document with Version "{VERSION}" and, in each statement, Effect, Principal and Action.',
    controls=("CKV_AWS_70",),
)
def form(view: View) -> Outcome:
    found = resource_policy(view)
    if found is None:
        return NOT_APPLICABLE
    if found.broken:
        return fail(found.path, "no policy document", "a policy document")
    outcomes = [PASS if found.known else unknown(found.path, "a policy document")]
    # Topics and queues without a policy of their own show AWS's, which has the older version.
    given = found.version
    if view.type not in _WITH_DEFAULT and given is UNKNOWN and found.known:
        outcomes.append(unknown(f"{found.path}.Version", VERSION))
    elif view.type not in _WITH_DEFAULT and given not in (VERSION, UNKNOWN):
        outcomes.append(fail(f"{found.path}.Version", "another version, or none", VERSION))
    for statement in found.statements:
        if not (statement.allows or statement.denies):
            outcomes.append(fail(f"{statement.path}.Effect", "another word, or none", "Allow or Deny"))
        if not (statement.actions or statement.not_actions):
            outcomes.append(fail(f"{statement.path}.Action", "not set", "actions"))
        if not (statement.principals or statement.not_principals):
            outcomes.append(fail(f"{statement.path}.Principal", "not set", "principals"))
    return all_of(outcomes)


# The action that mends the policy of a resource. Keys have a rule of their own.
_MENDS = {
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "events:PutPermission",
    "aws:dynamodb/resourcePolicy:ResourcePolicy": "dynamodb:PutResourcePolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "ecr:SetRepositoryPolicy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "elasticfilesystem:PutFileSystemPolicy",
    "aws:kinesis/resourcePolicy:ResourcePolicy": "kinesis:PutResourcePolicy",
    "aws:s3/bucket:Bucket": "s3:PutBucketPolicy",
    "aws:s3/bucketPolicy:BucketPolicy": "s3:PutBucketPolicy",
    "aws:secretsmanager/secret:Secret": "secretsmanager:PutResourcePolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "secretsmanager:PutResourcePolicy",
    "aws:sns/topic:Topic": "sns:SetTopicAttributes",
    "aws:sns/topicPolicy:TopicPolicy": "sns:SetTopicAttributes",
    "aws:sqs/queue:Queue": "sqs:SetQueueAttributes",
    "aws:sqs/queuePolicy:QueuePolicy": "sqs:SetQueueAttributes",
}


@rule(
    "LP-056",
    "resource-policy-locks-nobody-out",
    pack="least_privilege",
    types=tuple(_MENDS),
    severity="high",
    rationale="What is refused to everybody is refused to those who would mend it: then only the root user can.",
    url=f"{_IAM}/reference_policies_evaluation-logic.html",
    remediation="Give a Deny for everybody a condition, such as ArnNotEquals on aws:PrincipalArn, or fewer actions.",
    controls=("CKV_AWS_93",),
    criteria=("TRADING-09.5",),
)
def lockout(view: View) -> Outcome:
    found = resource_policy(view)
    if found is None:
        return NOT_APPLICABLE
    mends = _MENDS[view.type]
    outcomes = [PASS if found.known else unknown(found.path, f"no statement that refuses {mends} to everybody")]
    for statement in found.statements:
        if refuses_everybody(statement, mends):
            outcomes.append(fail(statement.path, f"{mends} refused to everybody", "a condition, or fewer actions"))
    return all_of(outcomes)


_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_ENDPOINT_POLICY = "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"


@rule(
    "LP-057",
    "vpc-endpoint-policy-limits-callers",
    pack="least_privilege",
    types=(_ENDPOINT, _ENDPOINT_POLICY),
    severity="medium",
    level="open",
    scope="stack",
    rationale="Through an endpoint without limits, code in the network can carry data to an account of its own.",
    url="https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
    remediation="Give a policy that asks for aws:PrincipalAccount or aws:ResourceAccount of the own account.",
    criteria=("TRADING-02.4",),
)
def endpoint(view: View) -> Outcome:
    if view.type == _ENDPOINT:
        kind = view.get("vpcEndpointType", "Gateway")
        if isinstance(kind, str) and kind.lower() not in ("gateway", "interface"):
            return NOT_APPLICABLE  # the others take no policy
    found = document(view, "policy")
    if found is None:
        others, uncertain = view.referrers(_ENDPOINT_POLICY, "vpcEndpointId")
        if others:
            return NOT_APPLICABLE  # its policy is judged by itself
        return unknown("policy", "a policy") if uncertain else fail("policy", "not set", "a policy")
    expected = "a condition on the account of the caller or of the resource, or named resources"
    outcomes = [PASS if found.known else unknown(found.path, expected)]
    for statement in found.allowing():
        if (open_principals(statement) or statement.not_principals) and not _endpoint_limits(statement):
            outcomes.append(fail(f"{statement.path}.Condition", "everybody, on every resource", expected))
    return all_of(outcomes)


def _endpoint_limits(statement: Statement) -> bool:
    asked = statement.condition("aws:resourceaccount", "aws:resourceorgid")
    return closed(statement) or not statement.any_resource or any(restricts(condition) for condition in asked)
