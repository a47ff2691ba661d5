"""Topics: that somebody hears what is said there."""

from __future__ import annotations

from plumbline.graph import UNKNOWN, walk
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    fail,
    rule,
    unknown,
)

_TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
_ALARMS = ("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm")
_SENDERS = {
    "aws:backup/vaultNotifications:VaultNotifications": "snsTopicArn",
    "aws:budgets/budget:Budget": "notifications",
    "aws:cloudwatch/eventTarget:EventTarget": "arn",
    "aws:rds/eventSubscription:EventSubscription": "snsTopic",
}


@rule(
    "OP-428",
    "topic-has-subscriber",
    pack="operations",
    types=(_TOPIC,),
    severity="medium",
    scope="stack",
    rationale="An alarm that goes to a topic without subscribers is heard by nobody.",
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
    remediation="Add aws.sns.TopicSubscription for the topic.",
    controls=("CloudWatch.15",),
)
def subscribed(view: View) -> Outcome:
    """Only for topics to which alarms, budgets, backups or events of the stack go."""
    urn = view.resource.urn
    senders = [(each, "alarmActions") for each in view.of_type(*_ALARMS)]
    senders += [(each, path) for type_, path in _SENDERS.items() for each in view.of_type(type_)]
    arn = view.get("arn")
    if not any(
        urn in each.resource.property_dependencies.get(path, ())
        or (isinstance(arn, str) and any(value == arn for _, value in walk(each.get(path))))
        for each, path in senders
    ):
        return NOT_APPLICABLE
    found, uncertain = view.referrers(SUBSCRIPTION, "topic")
    if found:
        return PASS
    return unknown("", "a subscription") if uncertain else fail("", "without subscription", "a subscription")


@rule(
    "OP-436",
    "topic-mail-goes-to-own-domains",
    pack="operations",
    types=(SUBSCRIPTION,),
    severity="medium",
    rationale="Whoever gets the alarms learns what is broken, and an address elsewhere is nobody's to take back.",
    url="https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
    remediation="Subscribe an address of the parameter `domains`, or add the domain there.",
    parameters={"domains": []},
)
def own_domains(view: View) -> Outcome:
    """Without the parameter `domains` nothing is asked."""
    domains = {str(each).lower() for each in view.parameters["domains"]}
    protocol, expected = view.get("protocol"), f"an address of {', '.join(sorted(domains))}"
    if not domains or (isinstance(protocol, str) and not protocol.lower().startswith("email")):
        return NOT_APPLICABLE
    address = view.get("endpoint")
    if isinstance(address, str) and address.lower().rpartition("@")[2] in domains:
        return PASS
    if address is UNKNOWN or protocol is UNKNOWN:
        return unknown("endpoint" if address is UNKNOWN else "protocol", expected)
    return fail("endpoint", "an address of another domain", expected)
