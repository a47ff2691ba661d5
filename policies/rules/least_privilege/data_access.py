"""Who reaches data stores, and as whom: caches, databases, file systems, event buses and shared documents."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_false,
    check_set,
    check_true,
    fail,
    rule,
    unknown,
)

_CACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg"
_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
_SERVERLESS = "aws:elasticache/serverlessCache:ServerlessCache"
_CACHE_USER = "aws:elasticache/user:User"


@rule(
    "LP-130",
    "elasticache-requires-login",
    pack="least_privilege",
    types=(_GROUP, _SERVERLESS, _CACHE_USER),
    severity="medium",
    rationale="Without a token or users, whatever reaches the port reads and empties the cache.",
    url=f"{_CACHE}/auth.html",
    remediation="Set auth_token from a secret, or user_group_ids; give each user a password or IAM authentication.",
    controls=("ElastiCache.6", "CKV_AWS_31", "AwsSolutions-AEC6"),
    criteria=("TRADING-08.3b", "TRADING-09.3"),
)
def cache(view: View) -> Outcome:
    engine = view.get("engine")
    if isinstance(engine, str) and engine.lower() == "memcached":
        return NOT_APPLICABLE
    if view.type == _SERVERLESS:
        return check_set(view, "userGroupId", "a group of users")
    if view.type == _CACHE_USER:
        path = "authenticationMode.type"
        mode = check(view, path, lambda word: word != "no-password-required", "password or iam", default="password")
        return all_of([check_false(view, "noPasswordRequired"), mode])
    paths = ("authToken", "authTokenWo", "userGroupIds")
    if any(view.is_set(path) for path in paths):
        return PASS
    return fail("authToken", "not set", "a token, or groups of users")


_WITH_IAM = ("mysql", "mariadb", "postgres", "aurora")


@rule(
    "LP-131",
    "rds-iam-authentication",
    pack="least_privilege",
    types=("aws:rds/instance:Instance", "aws:rds/cluster:Cluster"),
    severity="medium",
    level="open",
    rationale="A login by a role needs no password that could leak, and ends when the role's permission does.",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html",
    remediation="Set iam_database_authentication_enabled=True.",
    controls=("RDS.10", "CKV_AWS_161"),
)
def database(view: View) -> Outcome:
    """Oracle, SQL Server and Db2 cannot; an instance of Aurora has its cluster's."""
    engine = view.get("engine")
    if isinstance(engine, str):
        of_cluster = view.type == "aws:rds/instance:Instance" and engine.lower().startswith("aurora")
        if of_cluster or not engine.lower().startswith(_WITH_IAM):
            return NOT_APPLICABLE
    return check_true(view, "iamDatabaseAuthenticationEnabled")


_ACCESS_POINT = "aws:efs/accessPoint:AccessPoint"
_EFS = "https://docs.aws.amazon.com/efs/latest/ug/efs-access-points.html"


@rule(
    "LP-132",
    "efs-access-point-has-root",
    pack="least_privilege",
    types=(_ACCESS_POINT,),
    severity="medium",
    rationale="An application that mounts the whole file system reaches the files of all others.",
    url=_EFS,
    remediation="Set root_directory.path to a directory of the application's own.",
    controls=("EFS.3", "CKV_AWS_329"),
)
def root(view: View) -> Outcome:
    path = "rootDirectory.path"
    return check(view, path, lambda text: text.strip("/") != "", "a directory below the root", default="/")


@rule(
    "LP-133",
    "efs-access-point-has-user",
    pack="least_privilege",
    types=(_ACCESS_POINT,),
    severity="medium",
    rationale="Without a user of its own an access point takes whichever the client claims to be, root included.",
    url=_EFS,
    remediation="Set posix_user with a uid and gid that are not 0.",
    controls=("EFS.4", "CKV_AWS_330"),
)
def posix_user(view: View) -> Outcome:
    if view.get("posixUser") is None:
        return fail("posixUser", "not set", "a user")
    paths = ("posixUser.uid", "posixUser.gid")
    return all_of(check(view, path, lambda number: int(number) > 0, "an id that is not root's") for path in paths)


@rule(
    "LP-134",
    "ssm-document-not-public",
    pack="least_privilege",
    types=("aws:ssm/document:Document",),
    severity="critical",
    rationale="A document shows how hosts are administered, often with names and addresses.",
    url="https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-ssm-sharing.html",
    remediation="Leave permissions out, or name the accounts in account_ids.",
    controls=("SSM.4", "CKV_AWS_303"),
)
def document(view: View) -> Outcome:
    path, expected = "permissions.accountIds", "named accounts"
    given = view.get(path)
    texts = given if isinstance(given, list) else str(given).split(",") if isinstance(given, str) else [given]
    if any(isinstance(each, str) and each.strip().lower() in ("all", "*") for each in texts):
        return fail(path, "all", expected)
    return unknown(path, expected) if any(each is UNKNOWN for each in texts) else PASS


_BUS_POLICY = "aws:cloudwatch/eventBusPolicy:EventBusPolicy"
_BUS_PERMISSION = "aws:cloudwatch/eventPermission:EventPermission"


@rule(
    "LP-135",
    "event-bus-has-policy",
    pack="least_privilege",
    types=("aws:cloudwatch/eventBus:EventBus",),
    severity="low",
    scope="stack",
    rationale="The policy says who puts events on the bus, instead of whatever identity policies happen to allow.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/eventbridge-controls.html#eventbridge-3",
    remediation="Add aws.cloudwatch.EventBusPolicy for the bus with its name.",
    controls=("EventBridge.3", "AwsSolutions-EVB1"),
    criteria=("TRADING-12.4",),
)
def bus(view: View) -> Outcome:
    """A bus of a partner's events takes them by its source alone."""
    if view.is_set("eventSourceName"):
        return NOT_APPLICABLE
    uncertain = False
    for type_ in (_BUS_POLICY, _BUS_PERMISSION):
        found, maybe = view.referrers(type_, "eventBusName")
        if any(each.type == _BUS_PERMISSION or each.is_set("policy") for each in found):
            return PASS
        uncertain = uncertain or maybe
    return unknown("", "a policy of the bus") if uncertain else fail("", "no policy", "a policy of the bus")
