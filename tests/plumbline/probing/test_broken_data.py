"""The probes of tables, buckets, keys, secrets, queues and topics fail where something is broken, and only then."""

from __future__ import annotations

import functools
import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plumbline.probing import Probe, ProbeContext, buckets, messaging, secrets, tables
from tests.plumbline.probing.rig import Both, both, failures
from tests.plumbline.rehearsals import ACCOUNT, REGION, inside

TABLES = ("keyed", "indexed", "expiring", "restorable")
BUCKETS = ("private", "versioned", "public", "expired", "refusing")
PROBES: tuple[Probe, ...] = (
    tables.item_by_key,
    tables.index_query,
    tables.time_to_live,
    tables.point_in_time_recovery,
    tables.encrypted_table,
    buckets.object_is_private_and_encrypted,
    buckets.versions_are_kept,
    buckets.wrong_requests_are_refused,
    buckets.lifecycle,
    secrets.encrypt_and_decrypt,
    secrets.rotation,
    secrets.alias,
    secrets.own_key,
    secrets.value_is_read,
    messaging.message_in_queue,
    messaging.redrive,
    messaging.message_at_subscriber,
    messaging.subscription,
    messaging.plain_text_is_refused,
)
# Each probe with what it fails for in the broken stack.
BROKEN = {
    ("item-by-key", "keyed"),
    ("index-query", "indexed"),
    ("time-to-live", "expiring"),
    ("point-in-time-recovery", "restorable"),
    ("index-query", "keyed"),
    ("object-is-private-and-encrypted", "public"),
    ("versions-are-kept", "versioned"),
    ("lifecycle", "expired-lifecycle"),
    ("encrypt-and-decrypt", "disabled"),
    ("alias", "disabled-alias"),
    ("rotation", "unrotated"),
    ("own-key", "secret"),
    ("value-is-read", "version"),
    ("message-in-queue", "dead-letters"),
    ("message-in-queue", "plain"),
    ("redrive", "letters"),
    ("message-at-subscriber", "topic"),
    ("subscription", "subscription"),
    ("plain-text-is-refused", "open"),
    ("plain-text-is-refused", "dead-letters"),
}


def refusing(service: str, *arns: Any) -> pulumi.Output[str]:
    """Return a policy that refuses what comes without current TLS."""

    def document(names: list[str]) -> str:
        conditions = [{"Bool": {"aws:SecureTransport": "false"}}]
        if service == "s3":
            conditions.append({"NumericLessThan": {"s3:TlsVersion": "1.2"}})  # type: ignore[dict-item]
        rows = [
            {"Effect": "Deny", "Principal": "*", "Action": f"{service}:*", "Resource": names, "Condition": condition}
            for condition in conditions
        ]
        return json.dumps({"Version": "2012-10-17", "Statement": rows})

    return pulumi.Output.all(*arns).apply(document)


def table(name: str, opts: pulumi.ResourceOptions) -> None:
    aws.dynamodb.Table(
        name,
        name=name,
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        range_key="at",
        attributes=[{"name": "id", "type": "S"}, {"name": "at", "type": "N"}, {"name": "kind", "type": "S"}],
        global_secondary_indexes=[
            {"name": "by-kind", "hash_key": "kind", "range_key": "at", "projection_type": "KEYS_ONLY"}
        ],
        ttl={"enabled": True, "attribute_name": "expires"},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True},
        opts=opts,
    )


def bucket(name: str, opts: pulumi.ResourceOptions) -> None:
    made = aws.s3.Bucket(name, bucket=f"{name}-{ACCOUNT}", opts=opts)
    versioning = {"status": "Enabled"}
    aws.s3.BucketVersioning(f"{name}-versions", bucket=made.id, versioning_configuration=versioning, opts=opts)
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=made.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=opts,
    )
    aws.s3.BucketPublicAccessBlock(
        f"{name}-access",
        bucket=made.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    arns = (made.arn, made.arn.apply(lambda arn: f"{arn}/*"))
    aws.s3.BucketPolicy(f"{name}-policy", bucket=made.id, policy=refusing("s3", *arns), opts=opts)
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=made.id,
        rules=[{"id": "age", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 90}}],
        opts=opts,
    )


def key(name: str, opts: pulumi.ResourceOptions) -> aws.kms.Key:
    made = aws.kms.Key(name, description=name, enable_key_rotation=True, opts=opts)
    aws.kms.Alias(f"{name}-alias", name=f"alias/{name}", target_key_id=made.key_id, opts=opts)
    return made


def queue(name: str, opts: pulumi.ResourceOptions, **more: Any) -> aws.sqs.Queue:
    made = aws.sqs.Queue(name, name=name, sqs_managed_sse_enabled=True, opts=opts, **more)
    aws.sqs.QueuePolicy(f"{name}-policy", queue_url=made.url, policy=refusing("sqs", made.arn), opts=opts)
    return made


def program() -> None:
    opts = inside()
    for name in TABLES:
        table(name, opts)
    for name in BUCKETS:
        bucket(name, opts)
    for name in ("disabled", "unrotated"):
        key(name, opts)
    own = key("kept", opts)
    secret = aws.secretsmanager.Secret("secret", name="secret", kms_key_id=own.arn, opts=opts)
    aws.secretsmanager.SecretVersion("version", secret_id=secret.arn, secret_string="hidden", opts=opts)
    dead = queue("dead-letters", opts)
    policy = dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3}))
    queue("letters", opts, redrive_policy=policy)
    queue("plain", opts)
    queue("open", opts)
    for name in ("topic", "other"):
        made = aws.sns.Topic(name, name=name, opts=opts)
        aws.sns.TopicPolicy(f"{name}-policy", arn=made.arn, policy=refusing("sns", made.arn), opts=opts)
        mail = f"{name}@example.com"
        named = "subscription" if name == "other" else f"{name}-mail"
        aws.sns.TopicSubscription(named, topic=made.arn, protocol="email", endpoint=mail, opts=opts)


def break_(context: ProbeContext) -> None:
    """Change things behind the stack's back, one for each probe."""
    database, store, keys = context.client("dynamodb"), context.client("s3"), context.client("kms")
    queues, topics, vault = context.client("sqs"), context.client("sns"), context.client("secretsmanager")
    database.put_item(TableName="keyed", Item={"id": {"S": "probe"}, "at": {"N": "1"}})
    database.update_table(TableName="indexed", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-kind"}}])
    off = {"Enabled": False, "AttributeName": "expires"}
    database.update_time_to_live(TableName="expiring", TimeToLiveSpecification=off)
    database.update_continuous_backups(
        TableName="restorable", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    store.delete_public_access_block(Bucket=f"public-{ACCOUNT}")
    open_ = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
    store.put_public_access_block(Bucket=f"public-{ACCOUNT}", PublicAccessBlockConfiguration=open_)
    store.put_bucket_versioning(Bucket=f"versioned-{ACCOUNT}", VersioningConfiguration={"Status": "Suspended"})
    rule = {"ID": "age", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
    store.put_bucket_lifecycle_configuration(Bucket=f"expired-{ACCOUNT}", LifecycleConfiguration={"Rules": [rule]})
    keys.disable_key(KeyId=keys.describe_key(KeyId="alias/disabled")["KeyMetadata"]["KeyId"])
    keys.disable_key_rotation(KeyId=keys.describe_key(KeyId="alias/unrotated")["KeyMetadata"]["KeyId"])
    vault.update_secret(SecretId="secret", KmsKeyId=keys.describe_key(KeyId="alias/unrotated")["KeyMetadata"]["Arn"])
    vault.put_secret_value(SecretId="secret", SecretString="another")
    queues.delete_queue(QueueUrl=queues.get_queue_url(QueueName="dead-letters")["QueueUrl"])
    plain = queues.get_queue_url(QueueName="plain")["QueueUrl"]
    queues.send_message(QueueUrl=plain, MessageBody="of somebody else")
    queues.set_queue_attributes(
        QueueUrl=queues.get_queue_url(QueueName="open")["QueueUrl"], Attributes={"Policy": json.dumps(OPEN)}
    )
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
    own = keys.describe_key(KeyId="alias/kept")["KeyMetadata"]["Arn"]
    topics.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=own)
    [subscription] = topics.list_subscriptions_by_topic(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:other")[
        "Subscriptions"
    ]
    topics.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


OPEN = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
}


@functools.cache
def probed() -> Both:
    return both(program, PROBES, break_)


def test_nothing_fails_in_a_stack_that_is_right() -> None:
    assert failures(probed().whole) == []


def test_every_probe_finds_something_to_try() -> None:
    assert {result.probe for result in probed().whole} == {one.name for one in PROBES}


def test_probing_again_gives_the_same_results_because_everything_is_put_back() -> None:
    assert [result.document() for result in probed().again] == [result.document() for result in probed().whole]


@pytest.mark.parametrize(("probe", "name"), sorted(BROKEN))
def test_probe_fails_for_what_is_broken(probe: str, name: str) -> None:
    assert (probe, name) in probed().bad()


def test_nothing_else_fails() -> None:
    assert probed().bad() - BROKEN == set()


def test_a_bucket_whose_policy_refuses_nothing_fails() -> None:
    def open_program() -> None:
        opts = inside()
        made = aws.s3.Bucket("open", bucket=f"open-{ACCOUNT}", opts=opts)
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        aws.s3.BucketPolicy("policy", bucket=made.id, policy=document, opts=opts)

    found = both(open_program, (buckets.wrong_requests_are_refused,), lambda context: None)
    assert [evidence for _, evidence in failures(found.whole)] == ["the policy answers allow"] * 3


def test_a_table_that_kms_does_not_encrypt_fails() -> None:
    def plain() -> None:
        attributes = [{"name": "id", "type": "S"}]
        aws.dynamodb.Table(
            "plain", name="plain", billing_mode="PAY_PER_REQUEST", hash_key="id", attributes=attributes, opts=inside()
        )

    found = both(plain, (tables.encrypted_table, tables.point_in_time_recovery), lambda context: None)
    assert failures(found.whole) == [
        ("encrypted-table", "encryption with KMS is off"),
        ("point-in-time-recovery", "it is DISABLED"),
    ]
