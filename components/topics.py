"""SNS topics that only named services and roles may publish to, under a customer key if any (requirement 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.keys import CustomerKey
from components.naming import Naming
from components.resource_policies import PolicyStatement, policy_text, refuse_without_tls
from components.roles import Grant, Role


@dataclass(frozen=True, kw_only=True)
class TopicSpec:
    """One topic.

    `publishers` are service principals, such as "cloudwatch.amazonaws.com", each with the ARN pattern of what may
    publish through it. `emails` and `telephones` (E.164) are subscribed; a person has to confirm each address.
    """

    display_name: str
    publishers: Mapping[str, str]
    emails: Sequence[str] = ()
    telephones: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class TopicsArgs:
    """The topics of one stack, by logical name.

    `customer_key` None leaves them without encryption at rest, which only messages without secrets can do with: under
    AWS's own key for SNS no alarm could publish (docs/decisions.md, 13).
    """

    account: Account
    naming: Naming
    topics: Mapping[str, TopicSpec]
    customer_key: CustomerKey | None = None


class Topic:
    """One topic and the edges that can lead to it. `resource` is the aws.sns.Topic, `policy` its resource policy."""

    def __init__(self, name: str, args: TopicsArgs, resource: aws.sns.Topic, policy: aws.sns.TopicPolicy) -> None:
        self.name = name
        self.physical_name = args.naming.exact("topic", name)
        self.resource = resource
        self.policy = policy
        self._args = args

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.resource.arn

    def grant_publish(self, role: Role) -> Grant:
        """Let a role publish messages."""
        statements = grants.publish(self._args.account, self.physical_name)
        key = self._args.customer_key
        use = grants.decrypt(self._args.account, key.alias, via="sns", produce=True) if key is not None else ()
        return role.allow(f"topic-{self.name}", (*statements, *use))


class Topics(pulumi.ComponentResource):
    """Encrypted topics with source-conditioned policies and subscriptions. `topics` holds them by logical name."""

    def __init__(self, name: str, args: TopicsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Topics", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.topics: Mapping[str, Topic] = {topic: self._topic(topic, spec) for topic, spec in args.topics.items()}
        self.register_outputs({"arns": {topic: handle.arn for topic, handle in self.topics.items()}})

    def _topic(self, topic: str, spec: TopicSpec) -> Topic:
        key, physical_name = self._args.customer_key, self._args.naming.exact("topic", topic)
        resource = aws.sns.Topic(
            f"{self._prefix}-{topic}",
            name=physical_name,
            display_name=spec.display_name,
            kms_master_key_id=key.arn if key else None,
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=list(key.needs) if key else None)
            ),
        )
        policy = aws.sns.TopicPolicy(
            f"{self._prefix}-{topic}-policy",
            arn=resource.arn,
            policy=policy_text(topic_policy(self._args.account, physical_name, spec.publishers)),
            opts=self._child,
        )
        for protocol, endpoints in (("email", spec.emails), ("sms", spec.telephones)):
            for number, endpoint in enumerate(endpoints, start=1):
                aws.sns.TopicSubscription(
                    f"{self._prefix}-{topic}-{protocol}-{number}",
                    topic=resource.arn,
                    protocol=protocol,
                    endpoint=endpoint,
                    opts=self._child,
                )
        return Topic(topic, self._args, resource, policy)


def topic_policy(account: Account, topic: str, publishers: Mapping[str, str]) -> tuple[PolicyStatement, ...]:
    """Return who may publish: named services for named resources of the account, and nobody without TLS.

    Roles of the account publish by their own permissions. AWS: "Example cases for Amazon SNS access control".
    """
    arn = account.topic_arn(topic)
    allowed = tuple(
        PolicyStatement(
            sid=f"{service.partition('.')[0].capitalize()}Publishes",
            principal={"Service": service},
            actions=("sns:Publish",),
            resources=(arn,),
            conditions={
                "StringEquals": {"aws:SourceAccount": account.account_id},
                "ArnLike": {"aws:SourceArn": source},
            },
        )
        for service, source in publishers.items()
    )
    return (*allowed, refuse_without_tls(("sns:Publish",), (arn,)))
