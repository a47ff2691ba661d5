"""Who gets policies, and which ones: managed policies, users, keys and passwords."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable

from plumbline.graph import UNKNOWN
from policies.rules.least_privilege.holders import (
    ATTACHMENT,
    GROUP_ATTACHMENT,
    ROLE_ATTACHMENT,
    USER_ATTACHMENT,
    holdings,
    policies,
    written,
)
from policies.rules.least_privilege.statements import IAM, ROLE, USER, USER_POLICY, is_named, several
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_true,
    fail,
    rule,
    unknown,
)

_ROLE_EXCLUSIVE = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
_USER_EXCLUSIVE = "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive"
_GROUP_EXCLUSIVE = "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive"
_PERMISSION_SET = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
ATTACHING = (
    ROLE_ATTACHMENT,
    USER_ATTACHMENT,
    GROUP_ATTACHMENT,
    ATTACHMENT,
    ROLE,
    _ROLE_EXCLUSIVE,
    _USER_EXCLUSIVE,
    _GROUP_EXCLUSIVE,
    _PERMISSION_SET,
)
_PATHS = {ROLE: "managedPolicyArns", _PERMISSION_SET: "managedPolicyArn"} | dict.fromkeys(
    (_ROLE_EXCLUSIVE, _USER_EXCLUSIVE, _GROUP_EXCLUSIVE), "policyArns"
)
_OF_AWS = ":iam::aws:policy/"
# Policies of AWS whose names say less than they allow.
BROAD = (
    "*FullAccess*",
    "*Full_Access*",
    "*PowerUser*",
    "*Administrator*",
    "*AdminAccess*",
    "*DataScientist*",
    "AWSLambdaExecute",
    "AWSLambdaRole",
    "AmazonEC2RoleforSSM",
    "ReadOnlyAccess",
)
# Policies that AWS writes for one of its services and changes with it, and which nobody could write more narrowly.
FOR_SERVICES = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    "service-role/AmazonRDSEnhancedMonitoringRole",
)


def _attached(view: View, expected: str, wrong: Callable[[str], bool]) -> Outcome:
    """Judge the names of AWS's own policies among those that a resource attaches.

    An ARN that is not known yet is none of AWS's where it comes from a policy of the stack.
    """
    path = _PATHS.get(view.type, "policyArn")
    given = view.items(path)
    if given == [] or (given is None and not written(view, path)):
        return NOT_APPLICABLE
    if given is None or any(arn is UNKNOWN for arn in given):
        own = policies(view, path)
        unclear = len(own) < sum(arn is UNKNOWN for arn in given or [UNKNOWN])
    else:
        unclear = False
    names = [arn.partition(_OF_AWS)[2] for arn in given or () if isinstance(arn, str) and _OF_AWS in arn]
    found = [name for name in names if wrong(name)]
    if found:
        return fail(path, several(found), expected)
    return unknown(path, expected) if unclear else PASS


def _any(name: str, patterns: tuple[str, ...] | list[str]) -> bool:
    """Say whether a policy's name, with its path or without, is one of some patterns."""
    return any(
        fnmatch.fnmatchcase(each.lower(), pattern.lower())
        for pattern in patterns
        for each in (name, name.rpartition("/")[2])
    )


@rule(
    "LP-035",
    "iam-administrator-not-attached",
    pack="least_privilege",
    types=ATTACHING,
    severity="critical",
    scope="stack",
    rationale="AdministratorAccess allows everything in the account, to whoever gets hold of the identity.",
    url=f"{IAM}/access_policies_job-functions.html#jf_administrator",
    remediation="Attach a customer-managed policy with the actions and resources that are needed.",
    controls=("CKV_AWS_274",),
    criteria=("TRADING-16.0",),
)
def administrator(view: View) -> Outcome:
    return _attached(view, "a policy of the needed actions", lambda name: _any(name, ("AdministratorAccess",)))


@rule(
    "LP-036",
    "iam-broad-policy-not-attached",
    pack="least_privilege",
    types=ATTACHING,
    severity="high",
    scope="stack",
    rationale="Policies that give full access to IAM or another service allow far more than one application calls.",
    url=f"{IAM}/access_policies_job-functions.html",
    remediation="Attach a customer-managed policy with the actions and resources that are needed.",
    controls=("CKV2_AWS_56", "CKV_AWS_274"),
    criteria=("TRADING-16.0", "TRADING-16.3"),
)
def broad(view: View) -> Outcome:
    return _attached(view, "a policy of the needed actions", lambda name: _any(name, BROAD))


@rule(
    "LP-037",
    "iam-policies-of-aws-avoided",
    pack="least_privilege",
    types=ATTACHING,
    severity="high",
    scope="stack",
    rationale="AWS writes its policies for all customers: they name no resources, and AWS changes them.",
    url=f"{IAM}/best-practices.html#bp-use-aws-defined-policies",
    remediation="Write the policy with this stack's resources; or add its name to `allowed` where it fits a service.",
    controls=("AwsSolutions-IAM4",),
    criteria=("TRADING-16.3",),
    parameters={"allowed": list(FOR_SERVICES)},
)
def of_aws(view: View) -> Outcome:
    allowed = view.parameters["allowed"]
    return _attached(view, "a policy of this stack", lambda name: not _any(name, allowed))


@rule(
    "LP-038",
    "iam-attachment-is-of-one-identity",
    pack="least_privilege",
    types=(ATTACHMENT, ROLE_ATTACHMENT, USER_ATTACHMENT, GROUP_ATTACHMENT),
    severity="medium",
    rationale="PolicyAttachment takes a policy away from everybody in the account whom it does not name.",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/iam/policyattachment/",
    remediation="Use one RolePolicyAttachment or GroupPolicyAttachment for each identity.",
    controls=("IAM.2",),
)
def exclusive(view: View) -> Outcome:
    if view.type != ATTACHMENT:
        return PASS
    return fail("", "an attachment for the whole account", "RolePolicyAttachment or GroupPolicyAttachment")


@rule(
    "LP-039",
    "iam-role-has-policies-one-way",
    pack="least_privilege",
    types=(ROLE,),
    severity="medium",
    scope="stack",
    rationale="A role that lists its policies loses, with each deployment, those that other resources give it.",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/iam/role/",
    remediation="Use RolePolicy and RolePolicyAttachment only, without inline_policies and managed_policy_arns.",
    controls=("iam-role-no-policy-management-conflicts",),
    criteria=("TRADING-16.3",),
)
def one_way(view: View) -> Outcome:
    held, urn = holdings(view), view.resource.urn
    pairs = (("inlinePolicies", held.inline, "RolePolicy"), ("managedPolicyArns", held.attachments, "attachment"))
    outcomes: list[Outcome] = []
    for path, others, kind in pairs:
        given = others.get(urn, [])
        # An empty list takes everything away, one that is not set nothing.
        if written(view, path) and given:
            names = several(each.resource.name for each in given)
            outcomes.append(fail(path, f"set beside the {kind} {names}", "not set"))
        elif written(view, path) or given:
            outcomes.append(PASS)
    return all_of(outcomes)


@rule(
    "LP-040",
    "iam-user-has-no-policies",
    pack="least_privilege",
    types=(USER_POLICY, USER_ATTACHMENT, ATTACHMENT, _USER_EXCLUSIVE),
    severity="low",
    rationale="Rights of single users outlive their tasks: nobody looks at them when a team changes.",
    url=f"{IAM}/access_policies_manage-attach-detach.html",
    remediation="Attach the policy to a role, or to a group that the user is in.",
    controls=("IAM.2", "1.15", "CKV_AWS_40"),
)
def user_policies(view: View) -> Outcome:
    if view.type == ATTACHMENT:
        users = view.items("users")
        if not users and users is not None:
            return PASS
        return fail("users", "set", "roles or groups") if users else unknown("users", "no users")
    return fail("user", "a policy of a user", "a policy of a role or a group")


@rule(
    "LP-041",
    "iam-no-users",
    pack="least_privilege",
    types=(USER,),
    severity="low",
    rationale="A user's keys and password do not expire; roles and federation give credentials that do.",
    url=f"{IAM}/best-practices.html#bp-users-federation-idp",
    remediation="Use a role that a service, GitHub or IAM Identity Center assumes.",
    controls=("CKV_AWS_273",),
    parameters={"allowed": []},
)
def users(view: View) -> Outcome:
    if is_named(view, "allowed"):
        return PASS
    return fail("", "an IAM user", "a role")


@rule(
    "LP-042",
    "iam-no-lasting-credentials",
    pack="least_privilege",
    types=(
        "aws:iam/accessKey:AccessKey",
        "aws:iam/userLoginProfile:UserLoginProfile",
        "aws:iam/serviceSpecificCredential:ServiceSpecificCredential",
        "aws:lightsail/bucketAccessKey:BucketAccessKey",
    ),
    severity="high",
    rationale="A key that the stack makes lies in its state, does not expire, and works from anywhere.",
    url=f"{IAM}/best-practices.html#bp-workloads-use-roles",
    remediation="Take it out, and let what needs the rights assume a role.",
    controls=("CKV_AWS_273",),
    criteria=("AGENTIC-03.4",),
)
def credentials(view: View) -> Outcome:
    if str(view.get("status", "")).lower() == "inactive":
        return PASS
    return fail("", "credentials that do not expire", "a role")


@rule(
    "LP-043",
    "iam-password-policy-is-strong",
    pack="least_privilege",
    types=("aws:iam/accountPasswordPolicy:AccountPasswordPolicy",),
    severity="medium",
    rationale="Passwords of users are as good as the weakest that the account accepts.",
    url=f"{IAM}/id_credentials_passwords_account-policy.html",
    remediation="Ask for 14 characters of all four kinds, 24 remembered passwords, and a new one after 90 days.",
    controls=("IAM.7", "1.8", "1.9", "CKV_AWS_10", "aws-iam-password-policy-minimum-password-length"),
    parameters={"shortest": 14, "remembered": 24, "longest_days": 90},
)
def passwords(view: View) -> Outcome:
    shortest, remembered = view.parameters["shortest"], view.parameters["remembered"]
    days = view.parameters["longest_days"]
    kinds = ("requireLowercaseCharacters", "requireUppercaseCharacters", "requireNumbers", "requireSymbols")
    return all_of(
        [
            check(view, "minimumPasswordLength", lambda n: int(n) >= shortest, f"at least {shortest}", default=6),
            check(view, "passwordReusePrevention", lambda n: int(n) >= remembered, f"{remembered}", default=0),
            check(view, "maxPasswordAge", lambda n: 1 <= int(n) <= days, f"1 to {days} days", default=0),
            *(check_true(view, path) for path in kinds),
        ]
    )
