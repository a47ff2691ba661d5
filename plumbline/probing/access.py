"""What policies in the sandbox would let somebody do: moto keeps them, and looks at few of their conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from plumbline.graph import Resource
from plumbline.iam import Decision, Policies, Policy, Principal, Request, evaluate, policy, session
from plumbline.probing.model import NotSo, ProbeContext


def secure(**keys: Any) -> dict[str, Any]:
    """Return the keys of a request as services and current clients send it, with more of them."""
    return {"aws:SecureTransport": True, **keys}


def of_service(source_arn: str, **keys: Any) -> dict[str, Any]:
    """Return the keys of a request that a service makes on behalf of something in the account."""
    return secure(**{"aws:SourceArn": source_arn, "aws:SourceAccount": source_arn.split(":")[4] or None, **keys})


def service_decision(
    service: str, action: str, arn: str, document: str, keys: Mapping[str, Any], account: str
) -> Decision:
    """Return what a resource's policy answers to a service."""
    found = Policies(resource=[policy(document, "its policy", "resource")], resource_account=account)
    return evaluate(Request(Principal("service", service), action, arn, keys), found)


def refusal(decision: Decision, who: str, action: str) -> str:
    """Say why somebody may not do something, "" where they may."""
    if decision.allowed:
        return ""
    by = ", ".join(f"{reason.policy} {reason.statement}" for reason in decision.statements)
    return f"{who} is not allowed {action}: {decision.outcome}" + (f" by {by}" if by else "")


def own_session(context: ProbeContext, role: str = "plumbline-probe") -> Principal:
    """Return a session of a role in the stack's account."""
    return session(f"arn:aws:iam::{context.account.account_id}:role/{role}")


def everything(service: str) -> Policy:
    """Return an identity policy that allows all of a service, so that only the resource's policy decides."""
    statement = {"Effect": "Allow", "Action": f"{service}:*", "Resource": "*"}
    return policy({"Version": "2012-10-17", "Statement": [statement]}, "all of the service")


def topic_attributes(context: ProbeContext, arn: str) -> Mapping[str, Any]:
    """Return the attributes of a topic. Raises NotSo where there is none."""
    key = (__name__, "topic", arn)
    if key not in context.kept:
        client = context.account.client("sns", {"region": arn.split(":")[3]})
        try:
            context.kept[key] = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        except ClientError:
            raise NotSo(f"there is no topic {arn.split(':')[-1]}") from None
    return context.kept[key]


def publish_refusal(context: ProbeContext, service: str, topic_arn: str, source_arn: str) -> str:
    """Say why a service cannot publish to a topic on behalf of something, "" where it can.

    Where a key encrypts the topic, the service needs that too (Amazon SNS, "Key management").
    """
    try:
        attributes = topic_attributes(context, topic_arn)
    except NotSo as error:
        return str(error)
    account, keys = topic_arn.split(":")[4], of_service(source_arn)
    decision = service_decision(service, "sns:Publish", topic_arn, attributes["Policy"], keys, account)
    problem = refusal(decision, service, "sns:Publish")
    key_id = attributes.get("KmsMasterKeyId")
    if problem or not key_id:
        return problem
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        problem = problem or key_refusal(context, service, action, key_id, keys)
    return problem


def key_refusal(context: ProbeContext, service: str, action: str, key_id: str, keys: Mapping[str, Any]) -> str:
    """Say why a service may not use a key, "" where it may."""
    found, document = _key(context, key_id)
    decision = service_decision(service, action, found["Arn"], document, keys, found["AWSAccountId"])
    return refusal(decision, service, f"{action} with the key")


def _key(context: ProbeContext, key_id: str) -> tuple[Mapping[str, Any], str]:
    """Return what KMS says of a key, and its policy."""
    kept = (__name__, "key", key_id)
    if kept not in context.kept:
        region = key_id.split(":")[3] if key_id.startswith("arn:") else context.account.region
        client = context.account.client("kms", {"region": region})
        found = client.describe_key(KeyId=key_id)["KeyMetadata"]
        document = client.get_key_policy(KeyId=found["KeyId"], PolicyName="default")["Policy"]
        context.kept[kept] = (found, document)
    return context.kept[kept]


def invoke_refusal(context: ProbeContext, service: str, function_arn: str, source_arn: str) -> str:
    """Say why a service cannot call a function or its alias on behalf of something, "" where it can."""
    client = context.account.client("lambda", {"region": function_arn.split(":")[3]})
    parts = function_arn.split(":")
    named = {"FunctionName": parts[6], **({"Qualifier": parts[7]} if len(parts) > 7 else {})}
    try:
        client.get_function(**named)
        document = client.get_policy(**named)["Policy"]
    except ClientError as error:
        if "Policy" in error.response["Error"].get("Message", "") or error.operation_name == "GetPolicy":
            return f"nobody may call {parts[6]}: it has no permission"
        return f"there is no function {':'.join(parts[6:])}"
    keys = of_service(source_arn)
    decision = service_decision(service, "lambda:InvokeFunction", function_arn, document, keys, parts[4])
    return refusal(decision, service, "lambda:InvokeFunction")


def send_refusal(context: ProbeContext, service: str, queue_arn: str, source_arn: str) -> str:
    """Say why a service cannot send to a queue on behalf of something, "" where it can."""
    parts = queue_arn.split(":")
    client = context.account.client("sqs", {"region": parts[3]})
    try:
        url = client.get_queue_url(QueueName=parts[5])["QueueUrl"]
    except ClientError:
        return f"there is no queue {parts[5]}"
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    if "Policy" not in found:
        return f"{service} is not allowed sqs:SendMessage: the queue {parts[5]} has no policy"
    decision = service_decision(
        service, "sqs:SendMessage", queue_arn, found["Policy"], of_service(source_arn), parts[4]
    )
    problem = refusal(decision, service, "sqs:SendMessage")
    key_id = found.get("KmsMasterKeyId")
    if problem or not key_id:
        return problem
    keys = of_service(source_arn)
    return next(
        (
            said
            for action in ("kms:GenerateDataKey", "kms:Decrypt")
            if (said := key_refusal(context, service, action, key_id, keys))
        ),
        "",
    )


def arn_account(context: ProbeContext, service: str, rest: str, resource: Resource | None = None) -> str:
    """Return the ARN of something in the stack's account and region, or in the region of a resource."""
    region = (resource.get("region") if resource is not None else None) or context.account.region
    return f"arn:aws:{service}:{region}:{context.account.account_id}:{rest}"
