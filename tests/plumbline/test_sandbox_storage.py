"""The in-process AWS holds the buckets, keys and secrets that a program declares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from plumbline.contract import encode
from tests.plumbline.rehearsals import ACCOUNT, REGION, client, inside, part, readers, rehearse

BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": False,
}
TEAM = [{"Key": "Owner", "Value": "team"}]
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
WITHOUT_TLS = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
DELIVERY = {
    "Sid": "Logs",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::team-logs/*",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


KEY_POLICY = document(
    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
)
READER = document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
)
TOKEN = "not-to-be-seen"


def storage() -> None:
    """Register a bucket with every setting and object, a key, and a secret that rotates."""
    opts = inside()
    tags = {"Owner": "team"}
    key = aws.kms.Key(
        "key",
        description="Data",
        policy=KEY_POLICY,
        enable_key_rotation=True,
        rotation_period_in_days=180,
        deletion_window_in_days=30,
        tags=tags,
        opts=opts,
    )
    aws.kms.Key("off", is_enabled=False, multi_region=True, opts=opts)
    aws.kms.Alias("alias", name="alias/data", target_key_id=key.key_id, opts=opts)

    logs = aws.s3.Bucket("logs", bucket="team-logs", opts=opts)
    delivery = aws.s3.BucketPolicy("delivery", bucket=logs.id, policy=document(DELIVERY), opts=opts)
    data = aws.s3.Bucket("data", bucket="data", tags=tags, opts=opts)
    aws.s3.BucketPolicy("tls", bucket=data.id, policy=document(WITHOUT_TLS), opts=opts)
    aws.s3.BucketVersioning("versions", bucket=data.id, versioning_configuration={"status": "Enabled"}, opts=opts)
    aws.s3.BucketVersioning("never", bucket=logs.id, versioning_configuration={"status": "Disabled"}, opts=opts)
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}
    aws.s3.BucketServerSideEncryptionConfiguration(
        "encryption",
        bucket=data.id,
        rules=[{"apply_server_side_encryption_by_default": default, "bucket_key_enabled": True}],
        opts=opts,
    )
    blocks = {"block_public_acls": True, "ignore_public_acls": True, "block_public_policy": True}
    aws.s3.BucketPublicAccessBlock("block", bucket=data.id, **blocks, opts=opts)
    aws.s3.AccountPublicAccessBlock("account", **blocks, opts=opts)
    aws.s3.BucketOwnershipControls("owner", bucket=data.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts)
    aws.s3.BucketLogging(
        "logging",
        bucket=data.id,
        target_bucket=logs.id,
        target_prefix="data/",
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[delivery])),
    )
    aws.s3.BucketLifecycleConfiguration(
        "lifecycle",
        bucket=data.id,
        rules=[
            {
                "id": "all",
                "status": "Enabled",
                "expiration": {"days": 365},
                "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 90, "storage_class": "GLACIER"}],
                "noncurrent_version_expiration": {"noncurrent_days": 30},
                "noncurrent_version_transitions": [{"noncurrent_days": 7, "storage_class": "STANDARD_IA"}],
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            },
            {
                "id": "some",
                "status": "Disabled",
                "filter": {"and_": {"prefix": "tmp/", "tags": {"keep": "no"}}},
                "expiration": {"days": 1},
            },
            {
                "id": "tagged",
                "status": "Enabled",
                "filter": {"tag": {"key": "keep", "value": "no"}},
                "expiration": {"days": 2},
            },
            {
                "id": "prefix",
                "status": "Enabled",
                "filter": {"prefix": "old/"},
                "expiration": {"expired_object_delete_marker": True},
            },
        ],
        opts=opts,
    )
    aws.s3.BucketCorsConfiguration(
        "cors",
        bucket=data.id,
        cors_rules=[
            {
                "allowed_methods": ["GET", "PUT"],
                "allowed_origins": ["https://example.com"],
                "allowed_headers": ["*"],
                "max_age_seconds": 300,
            }
        ],
        opts=opts,
    )
    aws.s3.BucketObjectv2(
        "object",
        bucket=data.id,
        key="config/settings.json",
        content='{"a": 1}',
        content_type="application/json",
        tags=tags,
        opts=opts,
    )
    source = pulumi.StringAsset("hello")
    aws.s3.BucketObjectv2("asset", bucket=logs.id, key="hello.txt", source=source, opts=opts)
    archive = pulumi.AssetArchive({"main.py": pulumi.StringAsset("X = 1")})
    aws.s3.BucketObjectv2("archive", bucket=logs.id, key="code.zip", source=archive, opts=opts)
    aws.s3.BucketObjectv2("base64", bucket=logs.id, key="raw", content_base64="AAE=", opts=opts)

    secret = aws.secretsmanager.Secret(
        "secret", name="token", description="Token", kms_key_id=key.arn, recovery_window_in_days=7, tags=tags, opts=opts
    )
    version = aws.secretsmanager.SecretVersion(
        "version", secret_id=secret.id, secret_string=pulumi.Output.secret(TOKEN), opts=opts
    )
    aws.secretsmanager.SecretPolicy("reader", secret_arn=secret.arn, policy=READER, opts=opts)
    role = aws.iam.Role("role", name="role", assume_role_policy=document(TRUST), opts=opts)
    rotator = aws.lambda_.Function(
        "rotator",
        name="rotator",
        role=role.arn,
        runtime="python3.13",
        handler="main.run",
        code=archive,
        opts=opts,
    )
    aws.secretsmanager.SecretRotation(
        "rotation",
        secret_id=secret.id,
        rotation_lambda_arn=rotator.arn,
        rotation_rules={"automatically_after_days": 30},
        rotate_immediately=False,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[version])),
    )


def look() -> dict[str, Any]:
    s3, kms, secrets = client("s3"), client("kms"), client("secretsmanager")
    data = {"Bucket": "data"}
    key = kms.describe_key(KeyId="alias/data")["KeyMetadata"]

    def read(bucket: str, name: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=name)["Body"].read()

    policies = {}
    for bucket in ("data", "team-logs"):
        try:
            policies[bucket] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except s3.exceptions.ClientError as error:
            policies[bucket] = error.response["Error"]["Code"]
    s3.put_object(Bucket="data", Key="later", Body=b"written after the policy")
    return {
        "location": s3.get_bucket_location(**data)["LocationConstraint"],
        "tags": s3.get_bucket_tagging(**data)["TagSet"],
        "versions": s3.get_bucket_versioning(**data).get("Status"),
        "never": s3.get_bucket_versioning(Bucket="team-logs").get("Status"),
        "encryption": s3.get_bucket_encryption(**data)["ServerSideEncryptionConfiguration"]["Rules"],
        "block": s3.get_public_access_block(**data)["PublicAccessBlockConfiguration"],
        "account": client("s3control").get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"],
        "owner": s3.get_bucket_ownership_controls(**data)["OwnershipControls"]["Rules"],
        "policies": policies,
        "lifecycle": s3.get_bucket_lifecycle_configuration(**data)["Rules"],
        "logging": s3.get_bucket_logging(**data)["LoggingEnabled"],
        "cors": s3.get_bucket_cors(**data)["CORSRules"],
        "object": s3.get_object(**data, Key="config/settings.json"),
        "object tags": s3.get_object_tagging(**data, Key="config/settings.json")["TagSet"],
        "contents": {name: read("team-logs", name) for name in ("hello.txt", "code.zip", "raw")},
        "key": key,
        "key policy": json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]),
        "key tags": kms.list_resource_tags(KeyId=key["KeyId"])["Tags"],
        "key rotation": kms.get_key_rotation_status(KeyId=key["KeyId"]),
        "keys": {row["KeyId"]: kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"] for row in kms.list_keys()["Keys"]},
        "aliases": [row for row in kms.list_aliases()["Aliases"] if row["AliasName"] == "alias/data"],
        "secret": secrets.describe_secret(SecretId="token"),
        "value": secrets.get_secret_value(SecretId="token")["SecretString"],
        "reader": json.loads(secrets.get_resource_policy(SecretId="token")["ResourcePolicy"]),
    }


whole, seen, identity, outputs = readers(storage, look)


def test_nothing_of_the_storage_is_only_simulated() -> None:
    assert whole().simulated == {}


def test_a_bucket_has_its_name_as_id_and_its_addresses() -> None:
    assert (identity("data"), seen("location"), seen("tags")) == ("data", REGION, TEAM)
    assert outputs("data") == {
        "bucket": "data",
        "arn": "arn:aws:s3:::data",
        "region": REGION,
        "bucketRegion": REGION,
        "bucketDomainName": "data.s3.amazonaws.com",
        "bucketRegionalDomainName": f"data.s3.{REGION}.amazonaws.com",
        "hostedZoneId": "Z1BKCTXD74EZPE",
    }


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("versions", "Enabled"),
        ("never", None),
        ("block", BLOCKED),
        ("account", BLOCKED),
        ("owner", [{"ObjectOwnership": "BucketOwnerEnforced"}]),
        ("logging", {"TargetBucket": "team-logs", "TargetPrefix": "data/"}),
        (
            "cors",
            [
                {
                    "AllowedMethods": ["GET", "PUT"],
                    "AllowedOrigins": ["https://example.com"],
                    "AllowedHeaders": ["*"],
                    "MaxAgeSeconds": 300,
                }
            ],
        ),
        (
            "lifecycle",
            [
                {
                    "ID": "all",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": 365},
                    "Transitions": [
                        {"Days": 30, "StorageClass": "STANDARD_IA"},
                        {"Days": 90, "StorageClass": "GLACIER"},
                    ],
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                    "NoncurrentVersionTransitions": [{"NoncurrentDays": 7, "StorageClass": "STANDARD_IA"}],
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                },
                {
                    "ID": "some",
                    "Status": "Disabled",
                    "Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "keep", "Value": "no"}]}},
                    "Expiration": {"Days": 1},
                },
                {
                    "ID": "tagged",
                    "Status": "Enabled",
                    "Filter": {"Tag": {"Key": "keep", "Value": "no"}},
                    "Expiration": {"Days": 2},
                },
                {
                    "ID": "prefix",
                    "Status": "Enabled",
                    "Filter": {"Prefix": "old/"},
                    "Expiration": {"ExpiredObjectDeleteMarker": True},
                },
            ],
        ),
    ],
)
def test_boto3_sees_the_settings_of_a_bucket(what: str, expected: Any) -> None:
    assert seen(what) == expected


def test_settings_are_known_by_their_bucket() -> None:
    names = ("versions", "encryption", "block", "owner", "tls", "lifecycle", "logging", "cors")
    assert {identity(name) for name in names} == {"data"}
    assert (identity("account"), outputs("account")) == (ACCOUNT, {"accountId": ACCOUNT})


def test_a_bucket_is_encrypted_with_the_key() -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": outputs("key")["arn"]}
    assert seen("encryption") == [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]


def test_a_denial_with_conditions_stays_out_and_the_rest_is_kept() -> None:
    assert seen("policies") == {"data": "NoSuchBucketPolicy", "team-logs": json.loads(document(DELIVERY))}


def test_a_policy_may_be_written_in_any_of_its_equal_forms() -> None:
    def program() -> None:
        logs = aws.s3.Bucket("logs", bucket="team-logs")
        listed = {
            **DELIVERY,
            "Principal": {"Service": ["logging.s3.amazonaws.com"]},
            "Action": ["s3:PutObject"],
            "Resource": ["arn:aws:s3:::team-logs/*"],
        }
        guard = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::team-logs"}
        policy = aws.s3.BucketPolicy("policy", bucket=logs.id, policy=document(guard, listed))
        aws.s3.BucketLogging(
            "logging",
            bucket=aws.s3.Bucket("data", bucket="data").id,
            target_bucket=logs.id,
            target_prefix="data/",
            opts=pulumi.ResourceOptions(depends_on=[policy]),
        )

    assert rehearse(program).evaluation.mistakes == ()


def test_objects_hold_what_was_given() -> None:
    found = seen("object")
    assert (found["ContentType"], found["ContentLength"]) == ("application/json", 8)
    assert seen("object tags") == TEAM
    assert outputs("object") == {
        "arn": "arn:aws:s3:::data/config/settings.json",
        "etag": hashlib.md5(b'{"a": 1}').hexdigest(),
        "versionId": found["VersionId"],
    }
    assert identity("object") == "data/config/settings.json"
    contents = seen("contents")
    assert (contents["hello.txt"], contents["raw"]) == (b"hello", b"\x00\x01")
    assert contents["code.zip"].startswith(b"PK")


def test_a_key_and_its_alias() -> None:
    key = identity("key")
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"
    expected = {"KeyId": key, "Arn": arn, "Description": "Data", "Enabled": True, "KeySpec": "SYMMETRIC_DEFAULT"}
    assert part(seen("key"), expected) == expected
    assert outputs("key") == {"arn": arn, "keyId": key}
    assert seen("key policy") == json.loads(KEY_POLICY)
    assert seen("key tags") == [{"TagKey": "Owner", "TagValue": "team"}]
    assert seen("key rotation")["KeyRotationEnabled"] is True
    assert identity("off").startswith("mrk-")
    assert seen("keys")[identity("off")]["Enabled"] is False
    (alias,) = seen("aliases")
    assert (alias["AliasArn"], alias["TargetKeyId"]) == (outputs("alias")["arn"], key)
    assert identity("alias") == "alias/data"
    assert outputs("alias") == {"arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/data", "targetKeyArn": arn}


def test_a_secret_with_its_value_and_readers() -> None:
    secret = seen("secret")
    arn = identity("secret")
    assert arn.startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:token-")
    expected = {"ARN": arn, "Description": "Token", "KmsKeyId": outputs("key")["arn"], "Tags": TEAM}
    assert part(secret, expected) == expected
    assert (seen("value"), seen("reader")) == (TOKEN, json.loads(READER))
    version = outputs("version")["versionId"]
    assert identity("version") == f"{arn}|{version}"
    assert outputs("version") == {
        "arn": arn,
        "secretArn": arn,
        "versionId": version,
        "versionStages": ["AWSCURRENT"],
    }
    assert secret["VersionIdsToStages"][version] == ["AWSCURRENT"]


def test_a_rotation_waits_for_its_time() -> None:
    secret = seen("secret")
    assert (secret["RotationEnabled"], secret["RotationRules"]) == (True, {"AutomaticallyAfterDays": 30})
    assert secret["RotationLambdaARN"] == whole().resources["rotator"].outputs["arn"]
    assert [stages for stages in secret["VersionIdsToStages"].values() if "AWSPENDING" in stages] == []
    assert identity("rotation") == identity("secret")


def test_a_rotation_at_once_leaves_the_secret_its_value() -> None:
    def program() -> None:
        secret = aws.secretsmanager.Secret("secret", name="token")
        version = aws.secretsmanager.SecretVersion("version", secret_id=secret.id, secret_string=TOKEN)
        role = aws.iam.Role("role", name="role", assume_role_policy=document(TRUST))
        code = pulumi.AssetArchive({"main.py": pulumi.StringAsset("X = 1")})
        rotator = aws.lambda_.Function(
            "rotator", name="rotator", role=role.arn, runtime="python3.13", handler="main.run", code=code
        )
        aws.secretsmanager.SecretRotation(
            "rotation",
            secret_id=secret.id,
            rotation_lambda_arn=rotator.arn,
            rotation_rules={"schedule_expression": "rate(10 days)"},
            opts=pulumi.ResourceOptions(depends_on=[version]),
        )

    def read() -> dict[str, Any]:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        return session.client("secretsmanager").get_secret_value(SecretId="token")

    made = rehearse(program, read)
    assert made.evaluation.mistakes == ()
    assert made.seen["SecretString"] == TOKEN


def test_the_same_storage_twice_has_the_same_ids() -> None:
    again = rehearse(storage)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, encode(first.outputs)) == (second.urn, second.id, encode(second.outputs))


def test_a_bucket_without_a_name_gets_one_of_its_own() -> None:
    def program() -> None:
        aws.s3.Bucket("first")
        aws.s3.Bucket("second", bucket_prefix="team-")

    resources = rehearse(program).resources
    assert resources["first"].id.startswith("bucket-")
    assert resources["second"].id.startswith("team-")
    assert resources["first"].outputs["bucket"] == resources["first"].id


def bucket_twice() -> None:
    first = aws.s3.Bucket("first", bucket="same")
    aws.s3.Bucket("it", bucket="same", opts=pulumi.ResourceOptions(depends_on=[first], provider=abroad()))


def abroad() -> aws.Provider:
    return aws.Provider("abroad", region=REGION, allowed_account_ids=[ACCOUNT])


def no_bucket() -> None:
    aws.s3.BucketPolicy("it", bucket="none", policy=document(WITHOUT_TLS))


def no_policy() -> None:
    bucket = aws.s3.Bucket("bucket", bucket="data")
    aws.s3.BucketPolicy("it", bucket=bucket.id, policy=f"{{{TOKEN}")


def bad_alias() -> None:
    key = aws.kms.Key("key")
    aws.kms.Alias("it", name="data", target_key_id=key.id)


def deaf_logs() -> None:
    logs, data = aws.s3.Bucket("logs", bucket="team-logs"), aws.s3.Bucket("data", bucket="data")
    aws.s3.BucketLogging("it", bucket=data.id, target_bucket=logs.id, target_prefix="data/")


def no_key() -> None:
    aws.kms.Alias("it", name="alias/data", target_key_id="00000000-0000-0000-0000-000000000000")


def no_secret() -> None:
    aws.secretsmanager.SecretVersion("it", secret_id="none", secret_string=TOKEN)


def no_rotator() -> None:
    secret = aws.secretsmanager.Secret("secret", name="token")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"
    rules = {"automatically_after_days": 30}
    aws.secretsmanager.SecretRotation("it", secret_id=secret.id, rotation_lambda_arn=arn, rotation_rules=rules)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (bucket_twice, "BucketAlready"),
        (no_bucket, "404: Not Found"),
        (no_policy, "MalformedPolicy: "),
        (bad_alias, "ValidationException: "),
        (deaf_logs, "InvalidTargetBucketForLogging: "),
        (no_key, "NotFoundException: "),
        (no_secret, "ResourceNotFoundException: "),
        (no_rotator, "ResourceNotFoundException: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
    assert TOKEN not in line
