"""components.topics: encrypted topics, who may publish, who is told."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from components.keys import CustomerKey
from components.topics import Topics, TopicsArgs, TopicSpec
from plumbline.graph import StackGraph
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    KEY_ARN,
    NAMING,
    ROLE_POLICY,
    a_role,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    policy,
    present,
    statement,
)

TOPIC_ARN = "arn:aws:sns:us-east-1:111111111111:test-alerts"
ALARMS = "arn:aws:cloudwatch:us-east-1:111111111111:alarm:test-*"
SPEC = TopicSpec(display_name="Alerts", publishers={"cloudwatch.amazonaws.com": ALARMS})


def topics(spec: TopicSpec = SPEC, key: CustomerKey | None = CUSTOMER_KEY) -> Topics:
    return Topics("topics", TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=key, topics={"alerts": spec}))


def graph(**changes: Any) -> StackGraph:
    return graph_of(lambda: topics(TopicSpec(**{"display_name": "Alerts", "publishers": {}, **changes})))


def test_a_topic_is_encrypted_with_the_customer_key_and_waits_for_it() -> None:
    def program() -> None:
        alias = aws.kms.Alias("alias", name="alias/x", target_key_id="00000000-0000-0000-0000-000000000000")
        topics(key=CustomerKey(arn=KEY_ARN, alias="alias/test-topics", needs=(alias,)))

    topic = only(graph_of(program), "aws:sns/topic:Topic")
    assert present(topic.inputs) == {"name": "test-alerts", "displayName": "Alerts", "kmsMasterKeyId": KEY_ARN}
    assert names(topic.dependencies) == ("alias",)


def test_named_services_publish_for_named_sources_and_nobody_without_tls() -> None:
    found = only(graph_of(topics), "aws:sns/topicPolicy:TopicPolicy")
    assert document(found) == policy(
        {
            **statement("CloudwatchPublishes", ["sns:Publish"], [TOPIC_ARN]),
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111111111111"},
                "ArnLike": {"aws:SourceArn": ALARMS},
            },
        },
        {
            "Sid": "RefuseWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sns:Publish"],
            "Resource": [TOPIC_ARN],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )
    assert needs(found) == {"arn": ("topics-alerts",)}


def test_contacts_are_subscribed() -> None:
    made = graph(emails=["a@example.com", "b@example.com"], telephones=["+12025550123"])
    found = made.of_type("aws:sns/topicSubscription:TopicSubscription")
    assert {(s.name, s.inputs["protocol"], s.inputs["endpoint"]) for s in found} == {
        ("topics-alerts-email-1", "email", "a@example.com"),
        ("topics-alerts-email-2", "email", "b@example.com"),
        ("topics-alerts-sms-1", "sms", "+12025550123"),
    }
    assert {needs(s)["topic"] for s in found} == {("topics-alerts",)}


def test_without_contacts_nobody_is_subscribed() -> None:
    assert graph().of_type("aws:sns/topicSubscription:TopicSubscription") == []


def test_a_role_may_publish_and_use_the_key_through_the_service() -> None:
    def program() -> None:
        made = topics()
        roles, role = a_role()
        made.topics["alerts"].grant_publish(role)
        roles.attach()

    key = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/test-data"},
        "StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"},
    }
    keys = "arn:aws:kms:us-east-1:111111111111:key/*"
    assert document(only(graph_of(program), ROLE_POLICY)) == policy(
        statement("Publish", ["sns:Publish"], [TOPIC_ARN]),
        statement("UseKey", ["kms:Decrypt", "kms:DescribeKey"], [keys], Condition=key),
        statement("UseKeyToWrite", ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"], [keys], Condition=key),
    )


def test_children_are_named_after_the_component() -> None:
    assert named(graph_of(topics), "topics-alerts").inputs["name"] == "test-alerts"


def test_a_topic_without_customer_key_is_plain_and_takes_no_key_to_publish() -> None:
    def program() -> None:
        roles, role = a_role()
        topics(key=None).topics["alerts"].grant_publish(role)
        roles.attach()

    made = graph_of(program)
    topic = only(made, "aws:sns/topic:Topic")
    assert (present(dict(topic.inputs)), topic.dependencies) == ({"name": "test-alerts", "displayName": "Alerts"}, ())
    assert document(only(made, ROLE_POLICY)) == policy(statement("Publish", ["sns:Publish"], [TOPIC_ARN]))
