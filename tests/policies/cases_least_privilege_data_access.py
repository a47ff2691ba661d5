"""Fixtures of rules about who reaches data stores, buckets' ACLs and shared documents."""

from __future__ import annotations

from plumbline.graph import UNKNOWN, Secret
from tests.policies.cases import GONE, Cases, changed, made

GROUP = made("aws:elasticache/replicationGroup:ReplicationGroup", engine="redis", authToken=Secret("x"))
USER = made("aws:elasticache/user:User", engine="redis", authenticationMode={"type": "iam"})
SERVERLESS = made("aws:elasticache/serverlessCache:ServerlessCache", engine="valkey", userGroupId="app")
MODE = "authenticationMode.type"
CACHE = Cases(
    rule="elasticache-requires-login",
    good={
        "token": [GROUP],
        "token that is hidden": [changed(GROUP, {"authToken": Secret()})],
        "token that is not kept": [changed(GROUP, {"authToken": GONE, "authTokenWo": Secret("x")})],
        "users": [changed(GROUP, {"authToken": GONE, "userGroupIds": ["app"]})],
        "user": [USER],
        "serverless": [SERVERLESS],
    },
    bad={
        "none": ([changed(GROUP, {"authToken": GONE})], ("authToken",)),
        "empty": ([changed(GROUP, {"authToken": ""})], ("authToken",)),
        "no users": ([changed(GROUP, {"authToken": GONE, "userGroupIds": []})], ("authToken",)),
        "user without password": ([changed(USER, {"noPasswordRequired": True})], ("noPasswordRequired",)),
        "by mode": ([changed(USER, {MODE: "no-password-required"})], (MODE,)),
        "serverless": ([changed(SERVERLESS, {"userGroupId": GONE})], ("userGroupId",)),
    },
    unknown={"mode": ([changed(USER, {MODE: UNKNOWN})], (MODE,))},
    skipped={"memcached": [changed(SERVERLESS, {"engine": "memcached", "userGroupId": GONE})]},
)

INSTANCE = made("aws:rds/instance:Instance", engine="postgres", iamDatabaseAuthenticationEnabled=True)
IAM = "iamDatabaseAuthenticationEnabled"
DATABASE = Cases(
    rule="rds-iam-authentication",
    good={"on": [INSTANCE], "cluster": [made("aws:rds/cluster:Cluster", engine="aurora-mysql", **{IAM: True})]},
    bad={
        "off": ([changed(INSTANCE, {IAM: False})], (IAM,)),
        "not set": ([changed(INSTANCE, {IAM: GONE})], (IAM,)),
        "cluster": ([made("aws:rds/cluster:Cluster", engine="aurora-postgresql")], (IAM,)),
    },
    unknown={"value": ([changed(INSTANCE, {IAM: UNKNOWN})], (IAM,))},
    skipped={
        "cannot": [changed(INSTANCE, {"engine": "sqlserver-ex", IAM: GONE})],
        "cluster's": [changed(INSTANCE, {"engine": "aurora-postgresql", IAM: GONE})],
    },
)

POINT = made("aws:efs/accessPoint:AccessPoint", rootDirectory={"path": "/app"}, posixUser={"uid": 1000, "gid": 1000})
DIRECTORY = "rootDirectory.path"
ROOT = Cases(
    rule="efs-access-point-has-root",
    good={"directory": [POINT]},
    bad={
        "root": ([changed(POINT, {DIRECTORY: "/"})], (DIRECTORY,)),
        "root twice": ([changed(POINT, {DIRECTORY: "//"})], (DIRECTORY,)),
        "not set": ([changed(POINT, {"rootDirectory": GONE})], (DIRECTORY,)),
    },
    unknown={"path": ([changed(POINT, {DIRECTORY: UNKNOWN})], (DIRECTORY,))},
    always=True,
)
POSIX = Cases(
    rule="efs-access-point-has-user",
    good={"user": [POINT], "text": [changed(POINT, {"posixUser.uid": "1000"})]},
    bad={
        "none": ([changed(POINT, {"posixUser": GONE})], ("posixUser",)),
        "root": ([changed(POINT, {"posixUser.uid": 0})], ("posixUser.uid",)),
        "group of root": ([changed(POINT, {"posixUser.gid": "0"})], ("posixUser.gid",)),
    },
    unknown={"user": ([changed(POINT, {"posixUser": UNKNOWN})], ("posixUser.uid", "posixUser.gid"))},
    always=True,
)

DOCUMENT = made("aws:ssm/document:Document", permissions={"type": "Share", "accountIds": "111122223333"})
ACCOUNTS = "permissions.accountIds"
SHARED = Cases(
    rule="ssm-document-not-public",
    good={"named": [DOCUMENT], "own": [changed(DOCUMENT, {"permissions": GONE})]},
    bad={
        "all": ([changed(DOCUMENT, {ACCOUNTS: "All"})], (ACCOUNTS,)),
        "lower case, among others": ([changed(DOCUMENT, {ACCOUNTS: "111122223333, all"})], (ACCOUNTS,)),
        "list": ([changed(DOCUMENT, {ACCOUNTS: ["all"]})], (ACCOUNTS,)),
    },
    unknown={
        "accounts": ([changed(DOCUMENT, {ACCOUNTS: UNKNOWN})], (ACCOUNTS,)),
        "one": ([changed(DOCUMENT, {ACCOUNTS: ["111122223333", UNKNOWN]})], (ACCOUNTS,)),
    },
    always=True,
)

BUS = made("aws:cloudwatch/eventBus:EventBus", "bus", name="app")
BUS_POLICY = made("aws:cloudwatch/eventBusPolicy:EventBusPolicy", eventBusName="app", policy="{}")
BUSES = Cases(
    rule="event-bus-has-policy",
    good={
        "by name": [BUS, BUS_POLICY],
        "by reference": [BUS, made(BUS_POLICY.type, refers={"eventBusName": BUS}, policy=UNKNOWN)],
        "permission": [BUS, made("aws:cloudwatch/eventPermission:EventPermission", eventBusName="app")],
    },
    bad={
        "none": ([BUS], ("",)),
        "another's": ([BUS, changed(BUS_POLICY, {"eventBusName": "default"})], ("",)),
        "empty": ([BUS, changed(BUS_POLICY, {"policy": GONE})], ("",)),
    },
    unknown={"of which bus": ([BUS, changed(BUS_POLICY, {"eventBusName": UNKNOWN})], ("",))},
    skipped={"partner's": [changed(BUS, {"eventSourceName": "aws.partner/example.com/app"})]},
)

BUCKET = made("aws:s3/bucket:Bucket", "bucket")
CONTROLS = made(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    refers={"bucket": BUCKET},
    rule={"objectOwnership": "BucketOwnerEnforced"},
)
ACL = made("aws:s3/bucketAcl:BucketAcl", "acl", refers={"bucket": BUCKET}, acl="private")
OWNERSHIP = "rule.objectOwnership"
ACLS = Cases(
    rule="s3-access-without-acls",
    good={
        "bucket": [BUCKET, CONTROLS],
        "controls": [CONTROLS, BUCKET],
        "private": [
            changed(BUCKET, {"acl": "private", "grants": [{"id": "79a59df9", "type": "CanonicalUser"}]}),
            CONTROLS,
        ],
    },
    bad={
        "no controls": ([BUCKET], ("",)),
        "an ACL": ([BUCKET, CONTROLS, ACL], ("",)),
        "ACL of the bucket": ([changed(BUCKET, {"acl": "log-delivery-write"}), CONTROLS], ("acl",)),
        "grants": (
            [changed(BUCKET, {"grants": [{"type": "Group", "uri": "http://x/LogDelivery"}]}), CONTROLS],
            ("grants",),
        ),
        "preferred": ([changed(CONTROLS, {OWNERSHIP: "BucketOwnerPreferred"}), BUCKET], (OWNERSHIP,)),
        "writer's": ([changed(CONTROLS, {OWNERSHIP: "ObjectWriter"}), BUCKET], (OWNERSHIP,)),
        "not set": ([changed(CONTROLS, {"rule": GONE}), BUCKET], (OWNERSHIP,)),
    },
    unknown={
        "ownership": ([changed(CONTROLS, {OWNERSHIP: UNKNOWN}), BUCKET], (OWNERSHIP,)),
        "of which bucket": ([BUCKET, made(CONTROLS.type, bucket=UNKNOWN)], ("",)),
        "to whom": ([changed(BUCKET, {"grants": ["x", {"type": "Group", "uri": UNKNOWN}]}), CONTROLS], ("grants",)),
    },
    always=True,
)

CASES: list[Cases] = [CACHE, DATABASE, ROOT, POSIX, SHARED, BUSES, ACLS]
