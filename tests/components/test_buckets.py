"""components.buckets: private, versioned, encrypted buckets with lifecycle, access logs and the edges to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.account import Account
from components.buckets import Bucket, Buckets, BucketsArgs, BucketSpec, Lifecycle, Transition, bucket_name
from components.keys import CustomerKey, Keys, KeysArgs, KeySpec
from components.naming import NameRefused
from components.resource_policies import (
    accept_access_logs,
    accept_delivered_logs,
    admit_readers,
    only_roles,
    policy_text,
    require_tls,
)
from plumbline.graph import UNKNOWN, Options, Resource, StackGraph
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    KEY_ARN,
    NAMING,
    ROLE_POLICY,
    a_role,
    child_urn,
    component_urn,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    options,
    policy,
    present,
    statement,
)

BUCKETS_URN = component_urn("Buckets", "buckets")
BUCKET = "aws:s3/bucket:Bucket"
KEPT = Lifecycle(expire_days=None, noncurrent_days=30)
SPECS = {
    "data": BucketSpec(lifecycle=KEPT),
    "access-logs": BucketSpec(lifecycle=Lifecycle(expire_days=90, noncurrent_days=30), receives="access_logs"),
    "waf-logs": BucketSpec(lifecycle=KEPT, physical_name="aws-waf-logs-test", receives="delivered_logs"),
}
DATA = "test-data-111111111111"
LOGS = "test-access-logs-111111111111"
PARTS = {
    "public-access": "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "ownership": "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "versioning": "aws:s3/bucketVersioning:BucketVersioning",
    "encryption": "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "lifecycle": "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "policy": "aws:s3/bucketPolicy:BucketPolicy",
    "access-log": "aws:s3/bucketLogging:BucketLogging",
}
RULE: dict[str, Any] = {
    "id": "age",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "noncurrentVersionExpiration": {"noncurrentDays": 30},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
}


def args(**changes: BucketSpec) -> BucketsArgs:
    specs = {**SPECS, **changes}
    return BucketsArgs(account=ACCOUNT, naming=NAMING, buckets=specs, access_log_bucket="access-logs")


def buckets(**changes: BucketSpec) -> StackGraph:
    return graph_of(lambda: Buckets("buckets", args(**changes)))


def part(graph: StackGraph, bucket: str, part: str) -> Resource:
    return graph.resources[child_urn("Buckets", PARTS[part], f"buckets-{bucket}-{part}")]


def rule(lifecycle: Lifecycle) -> Any:
    found = part(buckets(data=BucketSpec(lifecycle=lifecycle)), "data", "lifecycle").inputs
    assert set(found) == {"bucket", "rules"}
    [one] = present(found["rules"])
    return one


def test_what_lies_below_a_prefix_expires_by_a_rule_of_its_own() -> None:
    kept = Lifecycle(expire_days=None, noncurrent_days=30, prefix_days={"plans/": 90, "a/b/": 7})
    found = part(buckets(data=BucketSpec(lifecycle=kept)), "data", "lifecycle").inputs["rules"]
    assert present(list(found)) == [
        RULE,
        {"id": "age-plans", "status": "Enabled", "filter": {"prefix": "plans/"}, "expiration": {"days": 90}},
        {"id": "age-a-b", "status": "Enabled", "filter": {"prefix": "a/b/"}, "expiration": {"days": 7}},
    ]


def test_edges_lead_below_their_prefixes_only() -> None:
    def program() -> None:
        roles, role = a_role()
        bucket = Buckets("buckets", args()).buckets["data"]
        bucket.grant_read(role, "items/")
        bucket.grant_write(role, "items/", "plans/")
        bucket.grant_delete(role, "items/")
        roles.attach()

    arn = f"arn:aws:s3:::{DATA}"
    assert document(only(graph_of(program), ROLE_POLICY)) == policy(
        statement("ReadObjects", ["s3:GetObject"], [f"{arn}/items/*"]),
        statement("ListObjects", ["s3:ListBucket"], [arn]),
        statement("WriteObjects", ["s3:AbortMultipartUpload", "s3:PutObject"], [f"{arn}/items/*", f"{arn}/plans/*"]),
        statement("DeleteObjects", ["s3:DeleteObject"], [f"{arn}/items/*"]),
    )


def test_bucket_has_a_name_with_environment_and_account_and_nothing_else() -> None:
    bucket = named(buckets(), "buckets-data")
    assert (bucket.type, dict(bucket.inputs)) == (BUCKET, {"bucket": DATA})
    assert (bucket.parent, bucket.dependencies, options(bucket)) == (BUCKETS_URN, (), Options())


def test_name_that_aws_prescribes_replaces_the_other() -> None:
    assert named(buckets(), "buckets-waf-logs").inputs == {"bucket": "aws-waf-logs-test"}


@pytest.mark.parametrize("bucket", SPECS)
def test_every_bucket_has_each_part_once_and_only_the_log_bucket_has_no_access_log(bucket: str) -> None:
    found = {resource.name for resource in buckets() if resource.name.startswith(f"buckets-{bucket}-")}
    expected = {f"buckets-{bucket}-{part}" for part in PARTS}
    assert found == expected - {"buckets-access-logs-access-log"}


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        (
            "public-access",
            {
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
        ),
        ("ownership", {"rule": {"objectOwnership": "BucketOwnerEnforced"}}),
        ("versioning", {"versioningConfiguration": {"status": "Enabled"}}),
        ("encryption", {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}),
        ("lifecycle", {"rules": [RULE]}),
        ("access-log", {"targetBucket": UNKNOWN, "targetPrefix": "data/"}),
    ],
)
def test_part_of_a_bucket_has_exactly_these_inputs(name: str, inputs: dict[str, Any]) -> None:
    found = part(buckets(), "data", name)
    assert present(dict(found.inputs)) == {"bucket": UNKNOWN, **inputs}
    assert (found.parent, options(found)) == (BUCKETS_URN, Options())
    assert needs(found)["bucket"] == ("buckets-data",)


def test_lifecycle_waits_for_the_versions_that_it_is_about() -> None:
    found = part(buckets(), "data", "lifecycle")
    assert names(found.dependencies) == ("buckets-data", "buckets-data-versioning")


def test_access_log_goes_into_the_log_bucket_once_that_accepts_it() -> None:
    found = part(buckets(), "data", "access-log")
    assert needs(found) == {"bucket": ("buckets-data",), "targetBucket": ("buckets-access-logs",)}
    assert names(found.dependencies) == ("buckets-access-logs", "buckets-access-logs-policy", "buckets-data")


def test_policy_of_a_plain_bucket_only_refuses() -> None:
    found = part(buckets(), "data", "policy")
    arn = f"arn:aws:s3:::{DATA}"
    assert dict(found.inputs) == {"bucket": UNKNOWN, "policy": policy_text(require_tls(arn))}
    assert {item["Effect"] for item in document(found)["Statement"]} == {"Deny"}


def test_policy_of_the_access_log_bucket_accepts_access_logs_too() -> None:
    arn = f"arn:aws:s3:::{LOGS}"
    expected = policy_text([*require_tls(arn), *accept_access_logs(ACCOUNT, arn)])
    assert part(buckets(), "access-logs", "policy").inputs["policy"] == expected


def test_policy_of_a_bucket_for_delivered_logs_accepts_those_too() -> None:
    arn = "arn:aws:s3:::aws-waf-logs-test"
    expected = policy_text([*require_tls(arn), *accept_delivered_logs(ACCOUNT, arn)])
    assert part(buckets(), "waf-logs", "policy").inputs["policy"] == expected


def test_services_that_read_a_bucket_are_admitted() -> None:
    readers = {"cloudfront.amazonaws.com": "arn:aws:cloudfront::111111111111:distribution/*"}
    arn = f"arn:aws:s3:::{DATA}"
    expected = policy_text([*require_tls(arn), *admit_readers(arn, readers)])
    found = part(buckets(data=BucketSpec(lifecycle=KEPT, readers=readers)), "data", "policy")
    assert found.inputs["policy"] == expected


def test_bucket_for_named_roles_refuses_all_others_once_the_roles_exist() -> None:
    def program() -> None:
        _, role = a_role()
        spec = BucketSpec(lifecycle=KEPT, only_roles=("deploy", "test-audit"), after=(role.resource,))
        Buckets("buckets", args(data=spec))

    found = part(graph_of(program), "data", "policy")
    arn = f"arn:aws:s3:::{DATA}"
    expected = policy_text([*require_tls(arn), *only_roles(ACCOUNT, arn, ("deploy", "test-audit"))])
    assert found.inputs["policy"] == expected
    assert names(found.dependencies) == ("buckets-data", "roles-of-audit-audit")


def test_objects_are_kept_for_ever_without_expiry() -> None:
    assert rule(Lifecycle(expire_days=None, noncurrent_days=30)) == RULE


def test_objects_go_after_the_expiry_and_their_versions_after_the_other() -> None:
    assert rule(Lifecycle(expire_days=90, noncurrent_days=7)) == {
        **RULE,
        "expiration": {"days": 90},
        "noncurrentVersionExpiration": {"noncurrentDays": 7},
    }


def test_objects_move_in_the_order_of_the_transitions() -> None:
    moves = (Transition(days=90, storage_class="STANDARD_IA"), Transition(days=365, storage_class="GLACIER"))
    assert rule(Lifecycle(expire_days=2557, noncurrent_days=30, transitions=moves)) == {
        **RULE,
        "expiration": {"days": 2557},
        "transitions": [{"days": 90, "storageClass": "STANDARD_IA"}, {"days": 365, "storageClass": "GLACIER"}],
    }


def test_customer_key_encrypts_one_bucket_with_one_call_per_hour() -> None:
    graph = buckets(data=BucketSpec(lifecycle=KEPT, customer_key=CUSTOMER_KEY))
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN}
    encrypted = {"rules": [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]}
    assert present(dict(part(graph, "data", "encryption").inputs)) == {"bucket": UNKNOWN, **encrypted}
    other = part(graph, "access-logs", "encryption")
    assert other.get("rules.0.applyServerSideEncryptionByDefault.sseAlgorithm") == "AES256"


def test_bucket_waits_for_everything_that_its_customer_key_needs() -> None:
    def program() -> None:
        keys = Keys("keys", KeysArgs(account=ACCOUNT, naming=NAMING, keys={"data": KeySpec(description="Data")}))
        Buckets("buckets", args(data=BucketSpec(lifecycle=KEPT, customer_key=keys.keys["data"])))

    graph = graph_of(program)
    assert names(named(graph, "buckets-data").dependencies) == ("keys-data", "keys-data-alias")
    assert needs(part(graph, "data", "encryption")) == {"bucket": ("buckets-data",), "rules": ("keys-data",)}


def test_component_gives_the_arns_as_outputs() -> None:
    component = buckets().resources[BUCKETS_URN]
    assert component.outputs == {"arns": dict.fromkeys(SPECS, UNKNOWN)}


def test_name_of_a_bucket_has_the_environment_first_and_the_account_last() -> None:
    china = Account(account_id="222222222222", region="cn-north-1")
    assert bucket_name(NAMING, china, "model-outputs") == "test-model-outputs-222222222222"


def test_name_of_a_bucket_that_is_too_long_is_refused_instead_of_cut() -> None:
    with pytest.raises(NameRefused, match="has 64 characters, a bucket name at most 63"):
        bucket_name(NAMING, ACCOUNT, "b" * 46)


# Edges.

ARN = f"arn:aws:s3:::{DATA}"
READ = [statement("ReadObjects", ["s3:GetObject"], [f"{ARN}/*"]), statement("ListObjects", ["s3:ListBucket"], [ARN])]
WRITE = [statement("WriteObjects", ["s3:AbortMultipartUpload", "s3:PutObject"], [f"{ARN}/*"])]
EXPORT = [statement("HoldExport", ["s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectAcl"], [f"{ARN}/*"])]
KEYS = ["arn:aws:kms:us-east-1:111111111111:key/*"]
THROUGH_S3 = {
    "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/test-data"},
    "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
}
USE = [statement("UseKey", ["kms:Decrypt", "kms:DescribeKey"], KEYS, Condition=THROUGH_S3)]
PRODUCE = [
    statement("UseKeyToWrite", ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"], KEYS, Condition=THROUGH_S3)
]


def granted(*edges: Any, key: CustomerKey | None = None) -> dict[str, Any]:
    """Return the one policy that a role gets by edges to the bucket, its document parsed."""

    def program() -> None:
        roles, role = a_role()
        spec = BucketSpec(lifecycle=KEPT, customer_key=key)
        bucket = Buckets("buckets", args(data=spec)).buckets["data"]
        for edge in edges:
            edge(bucket, role)
        roles.attach()

    found = only(graph_of(program), ROLE_POLICY)
    return {**found.inputs, "policy": json.loads(found.inputs["policy"])}


EDGES: dict[str, tuple[tuple[Any, ...], list[dict[str, Any]], list[dict[str, Any]]]] = {
    "read": ((Bucket.grant_read,), READ, [*READ, *USE]),
    "write": ((Bucket.grant_write,), WRITE, [*WRITE, *USE, *PRODUCE]),
    "export": ((Bucket.grant_export,), EXPORT, [*EXPORT, *USE, *PRODUCE]),
    "read and write": (
        (Bucket.grant_read, Bucket.grant_write),
        [*READ, *WRITE],
        [*READ, *USE, *WRITE, *PRODUCE],
    ),
}


@pytest.mark.parametrize("case", EDGES)
def test_edge_gives_exactly_its_document(case: str) -> None:
    edges, plain, _ = EDGES[case]
    assert granted(*edges) == {"name": "bucket-data", "role": "test-audit", "policy": policy(*plain)}


@pytest.mark.parametrize("case", EDGES)
def test_edge_to_a_bucket_with_customer_key_lets_use_the_key_too(case: str) -> None:
    edges, _, encrypted = EDGES[case]
    expected = {"name": "bucket-data", "role": "test-audit", "policy": policy(*encrypted)}
    assert granted(*edges, key=CUSTOMER_KEY) == expected
