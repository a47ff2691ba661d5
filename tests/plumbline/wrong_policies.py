"""Wrong programs about policies of resources and what they name, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    REGION,
    Wrong,
    log_group,
    policy_text,
    provider,
    queue,
    role,
    statement,
)
from tests.plumbline.wrong_keys import WORKER, key, key_alias, on_key, secret, secret_policy
from tests.plumbline.wrong_storage import ARN, NAME, ROOT, after, bucket, bucket_policy, on_bucket


def queue_policy(*statements: Any, **changes: Any) -> aws.sqs.QueuePolicy:
    of = queue()
    return aws.sqs.QueuePolicy("policy", queue_url=of.id, policy=policy_text(*statements, **changes))


def on_queue(**changes: Any) -> dict[str, Any]:
    return statement(**{"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", **changes})


def _queue_policy(**changes: Any) -> Callable[[], Any]:
    return lambda: queue_policy(on_queue(**changes))


def _topic_policy() -> None:
    topic = aws.sns.Topic("alarms", name="alarms")
    many = [on_queue(Action="sns:Publish", Sid=f"S{number}") for number in range(101)]
    aws.sns.TopicPolicy("policy", arn=topic.arn, policy=policy_text(*many))


def _bus_policy() -> None:
    bus = aws.cloudwatch.EventBus("bus", name="orders")
    text = policy_text(on_queue(Action="events:PutEvents", Sid="S" * 10_240))
    aws.cloudwatch.EventBusPolicy("policy", event_bus_name=bus.name, policy=text)


_PRINCIPAL = "policy.Statement[0].Principal"
GRAMMAR = [
    Wrong("resource policy not JSON", lambda: key(policy="all"), "policy", "not JSON"),
    Wrong("no statements", lambda: queue_policy(), "policy.Statement", "empty; at least one statement is needed"),
    Wrong(
        "resource policy of no version",
        lambda: queue_policy(on_queue(), Version="2020-01-01"),
        "policy.Version",
        "'2020-01-01' given; allowed: '2012-10-17'",
    ),
    Wrong("nobody", _queue_policy(Principal=None), _PRINCIPAL, "missing; a resource policy says who may"),
    Wrong("Principal and NotPrincipal", _queue_policy(NotPrincipal="*"), _PRINCIPAL, "exactly one of Principal and"),
    Wrong("principal as text", _queue_policy(Principal=ROOT), _PRINCIPAL, "* or an object with some of AWS, Service"),
    Wrong("principal of another type", _queue_policy(Principal={"Role": ROOT}), _PRINCIPAL, "* or an object with some"),
    Wrong(
        "wildcard in a principal",
        _queue_policy(Principal={"AWS": [ROOT, f"arn:aws:iam::{ACCOUNT}:role/*"]}),
        f"{_PRINCIPAL}.AWS",
        "'arn:aws:iam::123456789012:role/*' given; allowed: *, an account, or the ARN of one IAM identity",
    ),
    Wrong(
        "service without its domain",
        _queue_policy(Principal={"Service": "events"}),
        f"{_PRINCIPAL}.Service",
        "'events' given; allowed: the name of a service",
    ),
    Wrong("no resource in a resource policy", _queue_policy(Resource=None), "policy.Statement[0].Resource", "exactly"),
    Wrong(
        "queue policy above 8,192 bytes",
        _queue_policy(Sid="S" * 8_192),
        "policy",
        "bytes given; allowed: at most 8192",
    ),
    Wrong(
        "queue policy of 21 statements",
        lambda: queue_policy(*[on_queue()] * 21),
        "policy.Statement",
        "21 statements given; allowed: at most 20",
    ),
    Wrong("topic policy of 101 statements", _topic_policy, "policy.Statement", "101 statements given; allowed: at"),
    Wrong(
        "bucket policy above 20 KB",
        lambda: bucket_policy(on_bucket(Sid="S" * 20_480)),
        "policy",
        "bytes given; allowed: at most 20480",
    ),
    Wrong(
        "key policy above 32 KB", lambda: key(on_key(Sid="S" * 32_768)), "policy", "bytes given; allowed: at most 32768"
    ),
    Wrong("bus policy above 10,240 characters", _bus_policy, "policy", "characters given; allowed: at most 10240"),
]


def _in_account(program: Callable[[pulumi.ResourceOptions], Any]) -> Callable[[], Any]:
    return lambda: program(pulumi.ResourceOptions(provider=provider()))


def _role_in_principal(opts: pulumi.ResourceOptions) -> None:
    role(opts=opts)
    bucket_policy(on_bucket(Principal={"AWS": [ROOT, WORKER]}), of=bucket(opts=opts), opts=opts)


def _role_in_condition(opts: pulumi.ResourceOptions) -> None:
    role(opts=opts)
    secret_policy(opts=opts)


def _role_first(opts: pulumi.ResourceOptions) -> None:
    secret_policy(opts=pulumi.ResourceOptions.merge(opts, after(role(opts=opts))))


def _objects(opts: pulumi.ResourceOptions) -> None:
    bucket(opts=opts)
    source = {"ArnLike": {"kms:EncryptionContext:aws:s3:arn": f"{ARN}/*"}}
    key(on_key(Action="kms:Decrypt", Condition=source), opts=opts)


def _secret_in_policy(suffix: str) -> Callable[[pulumi.ResourceOptions], Any]:
    def program(opts: pulumi.ResourceOptions) -> None:
        secret(opts=opts)
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orders/token{suffix}"
        key(on_key(Action="kms:Decrypt", Condition={"ArnLike": {"aws:SourceArn": arn}}), opts=opts)

    return program


def _named_in_queue_policy(arn: str, make: Callable[[pulumi.ResourceOptions], Any]) -> Callable[[], Any]:
    def program(opts: pulumi.ResourceOptions) -> None:
        make(opts)
        text = policy_text(on_queue(Condition={"ArnEquals": {"aws:SourceArn": arn}}))
        aws.sqs.QueuePolicy("policy", queue_url=queue(opts=opts).id, policy=text, opts=opts)

    return _in_account(program)


def _machine(opts: pulumi.ResourceOptions) -> None:
    definition = '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'
    aws.sfn.StateMachine("machine", name="orders", role_arn=WORKER + "-2", definition=definition, opts=opts)


def _managed(opts: pulumi.ResourceOptions) -> None:
    aws.iam.Policy("shared", name="shared", policy=policy_text(statement()), opts=opts)
    aws.iam.RolePolicyAttachment(
        "shared", role=role(opts=opts).id, policy_arn=f"arn:aws:iam::{ACCOUNT}:policy/shared", opts=opts
    )


def _plain_name_of_bucket() -> None:
    bucket()
    aws.s3.BucketVersioning("versions", bucket=NAME, versioning_configuration={"status": "Enabled"})


def _plain_name_of_alias() -> None:
    key_alias(key())
    queue(sqs_managed_sse_enabled=None, kms_master_key_id="alias/orders")


def _inline_of_role(opts: pulumi.ResourceOptions) -> None:
    bucket(opts=opts)
    inline = {"name": "read", "policy": policy_text(statement(Action="s3:GetObject", Resource=f"{ARN}/*"))}
    role(opts=opts, inline_policies=[inline])


_WITHOUT = "without depending on it"
NAMED = [
    Wrong("role as principal", _in_account(_role_in_principal), "policy", f"aws:iam/role:Role worker {_WITHOUT}"),
    Wrong("role in a condition", _in_account(_role_in_condition), "policy", f"aws:iam/role:Role worker {_WITHOUT}"),
    Wrong("objects of a bucket", _in_account(_objects), "policy", f"aws:s3/bucket:Bucket orders-archive {_WITHOUT}"),
    Wrong(
        "composed ARN of a secret",
        _in_account(_secret_in_policy("-??????")),
        "policy",
        f"names aws:secretsmanager/secret:Secret secret {_WITHOUT}",
    ),
    Wrong(
        "composed ARN of a state machine",
        _named_in_queue_policy(f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:orders", _machine),
        "policy",
        f"names aws:sfn/stateMachine:StateMachine machine {_WITHOUT}",
    ),
    Wrong(
        "composed ARN of an event bus",
        _named_in_queue_policy(
            f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders",
            lambda opts: aws.cloudwatch.EventBus("bus", name="orders", opts=opts),
        ),
        "policy",
        f"names aws:cloudwatch/eventBus:EventBus bus {_WITHOUT}",
    ),
    Wrong("composed ARN of a policy", _in_account(_managed), "policyArn", f"aws:iam/policy:Policy shared {_WITHOUT}"),
    Wrong("plain name of a bucket", _plain_name_of_bucket, "bucket", f"Bucket orders-archive {_WITHOUT}"),
    Wrong("plain name of an alias", _plain_name_of_alias, "kmsMasterKeyId", f"aws:kms/alias:Alias alias {_WITHOUT}"),
]


def _unknown_policies() -> None:
    text = queue("elsewhere").arn
    of = bucket()
    aws.s3.BucketPolicy("policy", bucket=of.id, policy=text)
    aws.s3.BucketLogging("log", bucket=bucket("orders-source").id, target_bucket=of.id, target_prefix=text)
    log_group(kms_key_id=key(policy=text).arn)
    secret(policy=text)


WRONG_POLICIES: list[Wrong] = [*GRAMMAR, *NAMED]
SOUND_POLICIES: dict[str, Callable[[], Any]] = {
    "queue policy": lambda: queue_policy(on_queue(Principal={"AWS": ["*", ACCOUNT, ROOT]}), Version="2008-10-17"),
    "role in a condition comes first": _in_account(_role_first),
    "secret of a longer name": _in_account(_secret_in_policy("-long-??????")),
    "inline policy of a role": _in_account(_inline_of_role),
    "unknown policies": _unknown_policies,
}
