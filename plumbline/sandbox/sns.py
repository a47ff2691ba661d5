"""SNS topics, their policies and subscriptions in the sandbox.

moto obeys no topic's policy, so a policy stands as it is declared. A topic delivers to queues and functions; what it
would send by mail or text message is kept, and goes nowhere.
"""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list
from plumbline.sandbox.sqs import attributes_of

# moto keeps neither delivery logs, signatures, tracing nor archives of a topic.
TOPIC = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "fifoTopic": "FifoTopic",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}
SUBSCRIPTION = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}  # moto refuses a replay policy


@adapter("aws:sns/topic:Topic")
def topic(context: Context, inputs: Inputs) -> Created:
    made = context.client("sns", inputs).create_topic(
        Name=inputs["name"], Attributes=attributes_of(inputs, TOPIC), Tags=tag_list(inputs)
    )
    return made["TopicArn"], {"arn": made["TopicArn"], "owner": context.account_id}


@adapter("aws:sns/topicPolicy:TopicPolicy")
def topic_policy(context: Context, inputs: Inputs) -> Created:
    context.client("sns", inputs).set_topic_attributes(
        TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"]
    )
    return inputs["arn"], {"owner": context.account_id}


@adapter("aws:sns/topicSubscription:TopicSubscription")
def topic_subscription(context: Context, inputs: Inputs) -> Created:
    arn = context.client("sns", inputs).subscribe(
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        ReturnSubscriptionArn=True,
        **given(Attributes=attributes_of(inputs, SUBSCRIPTION) or None),
    )["SubscriptionArn"]
    # Who is written to must agree first. moto takes the agreement for granted.
    pending = inputs["protocol"] in ("email", "email-json")
    outputs = {
        "arn": arn,
        "ownerId": context.account_id,
        "pendingConfirmation": pending,
        "confirmationWasAuthenticated": not pending,
    }
    return arn, outputs
