"""What an identity's policies allow: which actions, and which of them only on named resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.rules.documents import Statement
from policies.rules.least_privilege.actions import (
    MANAGING,
    READING,
    Action,
    bare_star,
    credentials,
    data_reads,
    has_wildcard,
    known,
    named,
)
from policies.rules.least_privilege.statements import (
    IAM,
    TYPES,
    documents,
    each_allowing,
    in_any_account,
    narrowed,
    on_every_one,
    several,
)
from policies.rules.model import PASS, Outcome, View, all_of, fail, rule, unknown

_ELEMENTS = f"{IAM}/reference_policies_elements"
# AWS checks the rights of a function's role before it makes the interfaces in the VPC, and asks for them on everything.
INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)


def _service_and_name(pattern: str) -> tuple[str, str]:
    service, _, name = pattern.partition(":")
    return service, name


def everything(pattern: str) -> bool:
    """Say whether a pattern names every action of every service."""
    service, name = _service_and_name(pattern)
    return bare_star(pattern) or (bool(service) and bare_star(service) and bare_star(name))


def whole_service(pattern: str) -> bool:
    """Say whether a pattern names every action of a service, or actions of any service."""
    service, name = _service_and_name(pattern)
    return has_wildcard(service) or (bool(name) and set(name) <= {"*", "?"})


@rule(
    "LP-001",
    "iam-policy-allows-not-everything",
    pack="least_privilege",
    types=TYPES,
    severity="critical",
    rationale="Whoever gets hold of an identity that may do everything owns the account.",
    url=f"{_ELEMENTS}_action.html",
    remediation="Write the actions that are needed, each with its resources, instead of the star.",
    controls=("IAM.1", "CKV_AWS_62", "1.16", "CKV_AWS_63"),
    criteria=("TRADING-06.6", "TRADING-16.0"),
)
def administrator(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        if any(everything(pattern) for pattern in statement.actions):
            yield fail(f"{statement.path}.Action", "every action of every service", "the needed actions")

    return each_allowing(view, "the needed actions", judge)


@rule(
    "LP-002",
    "iam-policy-names-actions-of-a-service",
    pack="least_privilege",
    types=TYPES,
    severity="medium",
    rationale="All actions of a service include those that delete, share and reconfigure, and whatever AWS adds to it.",
    url=f"{_ELEMENTS}_action.html",
    remediation="Replace the service's star by the actions that the code calls.",
    controls=("IAM.21", "AwsSolutions-IAM5", "Serverless-StarPermissions", "CKV2_AWS_40"),
    criteria=("TRADING-06.6", "TRADING-16.0"),
)
def service_wildcard(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        found = [pattern for pattern in statement.actions if whole_service(pattern)]
        if found:
            yield fail(f"{statement.path}.Action", several(found), "the needed actions")

    return each_allowing(view, "no action that is all of a service", judge)


@rule(
    "LP-003",
    "iam-policy-wildcards-only-read-descriptions",
    pack="least_privilege",
    types=TYPES,
    severity="medium",
    rationale="A pattern such as Put* allows calls that nobody thought of; for descriptions alone that does no harm.",
    url=f"{_ELEMENTS}_action.html",
    remediation="Write out actions that write, hand out data or credentials; keep patterns for lists and descriptions.",
    controls=("AwsSolutions-IAM5",),
    criteria=("TRADING-06.6", "TRADING-16.0"),
    # The two families of calls that use a key and belong together.
    parameters={"allowed": ["kms:GenerateDataKey*", "kms:ReEncrypt*"]},
)
def action_pattern(view: View) -> Outcome:
    allowed = {pattern.lower() for pattern in view.parameters["allowed"]}
    risky = credentials() | data_reads()

    def harmless(action: Action) -> bool:
        return action.level in READING and action.key not in risky

    def judge(statement: Statement) -> Iterator[Outcome]:
        for pattern in statement.actions:
            if not has_wildcard(pattern) or whole_service(pattern) or pattern in allowed:
                continue
            found = known(pattern)
            if not found or not all(harmless(action) for action in found):
                harmful = several(action.name for action in found if not harmless(action))
                shown = f"{pattern}, which is {harmful}" if harmful else f"{pattern}, which names nothing known"
                yield fail(f"{statement.path}.Action", shown, "actions that are written out")

    return each_allowing(view, "actions that are written out", judge)


@rule(
    "LP-004",
    "iam-policy-allows-by-action",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Allow with NotAction allows everything that nobody named, also what AWS adds later.",
    url=f"{_ELEMENTS}_notaction.html",
    remediation="Name the allowed actions in Action; keep NotAction for statements that deny.",
    controls=("IAM.1", "CKV_AWS_63"),
    criteria=("TRADING-16.0",),
)
def not_action(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        if statement.not_actions:
            yield fail(f"{statement.path}.NotAction", "Allow with NotAction", "Allow with Action")

    return each_allowing(view, "Allow with Action", judge)


@rule(
    "LP-005",
    "iam-policy-allows-by-resource",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Allow with NotResource reaches every resource that nobody named, of every service.",
    url=f"{_ELEMENTS}_notresource.html",
    remediation="Name the resources in Resource; keep NotResource for statements that deny.",
    controls=("CKV_AWS_355",),
    criteria=("TRADING-16.0",),
)
def not_resource(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        if statement.not_resources:
            yield fail(f"{statement.path}.NotResource", "Allow with NotResource", "Allow with Resource")

    return each_allowing(view, "Allow with Resource", judge)


def _wide(statement: Statement, actions: Iterable[Action]) -> list[str]:
    """Return those of some actions that a statement allows on everything that they can be limited to, or on all."""
    return [
        action.name
        for action in actions
        if on_every_one(statement, action) and action.reaches and not narrowed(statement, action)
    ]


@rule(
    "LP-008",
    "iam-policy-limits-permission-management",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Whoever changes policies, grants and trust of any resource decides who else gets in.",
    url=f"{IAM}/access_policies_understand-policy-summary-access-level-summaries.html",
    remediation="Name the resources whose permissions may be changed, or take the action out.",
    controls=("CKV_AWS_289",),
    criteria=("TRADING-16.0", "TRADING-16.8"),
)
def permission_management(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        managing = (action for action in named(statement.actions) if action.level == MANAGING)
        found = _wide(statement, managing)
        if found:
            yield fail(f"{statement.path}.Resource", f"{several(found)} on every resource", "the ARNs of the resources")

    return each_allowing(view, "named resources for what manages permissions", judge)


@rule(
    "LP-009",
    "iam-policy-limits-credentials",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Calls that answer with credentials turn one stolen identity into others.",
    url="https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    remediation="Name the secrets, roles, keys or users whose credentials may be had, or take the action out.",
    controls=("CKV_AWS_287",),
    criteria=("TRADING-09.5", "TRADING-16.6"),
    # To pull an image takes a token of the registry, which can be limited to nothing and opens no repository.
    parameters={"allowed": ["ecr:GetAuthorizationToken", "ecr-public:GetAuthorizationToken"]},
)
def credential_exposure(view: View) -> Outcome:
    allowed = {action.lower() for action in view.parameters["allowed"]}

    def judge(statement: Statement) -> Iterator[Outcome]:
        exposing = [
            action for action in named(statement.actions) if action.key in credentials() and action.key not in allowed
        ]
        found = _wide(statement, exposing)
        found += [action.name for action in exposing if not action.reaches and not narrowed(statement, action)]
        if in_any_account(statement):
            found += [action.name for action in exposing if action.key == "sts:assumerole"]
        if found:
            yield fail(f"{statement.path}.Resource", f"{several(found)} on every resource", "the ARNs of the resources")

    return each_allowing(view, "named resources for what answers with credentials", judge)


@rule(
    "LP-010",
    "iam-policy-limits-data-reads",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Reading any object, item, secret or log of the account is enough to carry all of its data away.",
    url=f"{_ELEMENTS}_resource.html",
    remediation="Name the buckets, tables, secrets, parameters or logs that are read.",
    controls=("CKV_AWS_288",),
    criteria=("TRADING-16.4", "TRADING-16.5", "TRADING-16.6"),
)
def exfiltration(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        found = _wide(statement, (action for action in named(statement.actions) if action.key in data_reads()))
        if found:
            yield fail(f"{statement.path}.Resource", f"{several(found)} on every resource", "the ARNs of the resources")

    return each_allowing(view, "named resources for what hands out data", judge)


_DECRYPTING = frozenset({"kms:decrypt", "kms:reencryptfrom"})


@rule(
    "LP-011",
    "iam-policy-limits-decryption",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Encryption with separate keys separates nothing for an identity that may decrypt with all of them.",
    url="https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html",
    remediation="Name the keys, or ask for the key's alias with kms:ResourceAliases; kms:ViaService names no key.",
    controls=("KMS.1", "KMS.2"),
    criteria=("TRADING-17.2",),
)
def decryption(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        found = _wide(statement, (action for action in named(statement.actions) if action.key in _DECRYPTING))
        if found:
            yield fail(f"{statement.path}.Resource", f"{several(found)} with every key", "the ARN or alias of the keys")

    return each_allowing(view, "named keys", judge)


_MAKING = "ec2:createnetworkinterface"
_FUNCTION = "lambda:sourcefunctionarn"


@rule(
    "LP-012",
    "iam-policy-keeps-interfaces-from-code",
    pack="least_privilege",
    types=TYPES,
    severity="low",
    rationale="Lambda needs a function's role to make interfaces on everything; the function's code never does.",
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice",
    remediation="Deny the same actions in the same policy under the condition lambda:SourceFunctionArn.",
    level="open",
    criteria=("TRADING-06.6", "TRADING-02.5"),
)
def interfaces(view: View) -> Outcome:
    """A policy that gives no right to make interfaces anywhere is none that this is about."""
    outcomes: list[Outcome] = []
    expected = "denied to the function's code"
    for document in documents(view):
        refusals = [
            statement
            for statement in document.statements
            if statement.denies and statement.any_resource and statement.condition(_FUNCTION)
        ]
        for statement in document.allowing():
            making = [action for action in known(_MAKING) if statement.any_resource and statement.grants(_MAKING)]
            if not making:
                continue
            left = [
                action
                for action in INTERFACES
                if statement.grants(action) and not any(refusal.grants(action) for refusal in refusals)
            ]
            if not left or narrowed(statement, making[0]):
                outcomes.append(PASS)
            elif document.known:
                outcomes.append(fail(f"{statement.path}.Action", f"{several(left)} for the code too", expected))
            else:
                outcomes.append(unknown(document.path, expected))
    return all_of(outcomes)
