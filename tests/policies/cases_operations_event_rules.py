"""Fixtures of small rules: method settings, health checks, events, workflows, budgets, topics, caches, addresses."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

SETTINGS = made(
    "aws:apigateway/methodSettings:MethodSettings", settings={"metricsEnabled": True, "cachingEnabled": True}
)
METRICS, CONTROL = "settings.metricsEnabled", "settings.requireAuthorizationForCacheControl"
CHECK = made("aws:route53/healthCheck:HealthCheck", type="HTTPS", enableSni=True)
RULE = made("aws:cloudwatch/eventRule:EventRule", state="ENABLED", eventPattern='{"source": ["trading.risk"]}')
SCHEDULE = made("aws:scheduler/schedule:Schedule", scheduleExpression="rate(1 hour)")
MACHINE = made("aws:sfn/stateMachine:StateMachine", definition='{"TimeoutSeconds": 60, "States": {}}')
ROW = {"threshold": 80, "thresholdType": "PERCENTAGE", "subscriberEmailAddresses": ["a@example.com"]}
BUDGET = made("aws:budgets/budget:Budget", notifications=[ROW])
TOPIC = made("aws:sns/topic:Topic", "topic", name="alerts")
ALARM = made("aws:cloudwatch/metricAlarm:MetricAlarm", "alarm", refers={"alarmActions": TOPIC})
SUBSCRIPTION = made("aws:sns/topicSubscription:TopicSubscription", "mail", refers={"topic": TOPIC}, protocol="email")
MAIL = made("aws:sns/topicSubscription:TopicSubscription", protocol="email", endpoint="ops@example.com")
UNSURE = made("aws:sns/topicSubscription:TopicSubscription", "mail", topic=UNKNOWN)
CACHE = made("aws:elasticache/replicationGroup:ReplicationGroup", securityGroupIds=["sg-1"], engineVersion="7.1")
LINE = made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", cidrIpv4="10.20.0.0/16")
OLD = made("aws:ec2/securityGroupRule:SecurityGroupRule", type="ingress", cidrBlocks=["10.20.1.0/24"])
GROUP = made("aws:ec2/securityGroup:SecurityGroup", ingress=[{"cidrBlocks": ["10.0.0.0/8"]}])
MACHINE_WITH = made("aws:ec2/instance:Instance", associatePublicIpAddress=False)
TEMPLATE = made("aws:ec2/launchTemplate:LaunchTemplate", networkInterfaces=[{"associatePublicIpAddress": "false"}])
INTERFACE = "networkInterfaces.0.associatePublicIpAddress"


def pattern(value: Any) -> list[Any]:
    return [changed(RULE, {"eventPattern": json.dumps(value)})]


def budget(**changes: Any) -> list[Any]:
    return [changed(BUDGET, {"notifications": [{**ROW, **changes}]})]


CASES = [
    Cases(
        rule="api-stage-has-metrics",
        good={"on": [SETTINGS]},
        bad={
            "off": ([changed(SETTINGS, {METRICS: False})], (METRICS,)),
            "not set": ([changed(SETTINGS, {METRICS: GONE})], (METRICS,)),
        },
        unknown={"unknown": ([changed(SETTINGS, {METRICS: UNKNOWN})], (METRICS,))},
        always=True,
    ),
    Cases(
        rule="api-cache-is-emptied-by-few",
        good={"as AWS has it": [SETTINGS], "asked": [changed(SETTINGS, {CONTROL: True})]},
        bad={"anybody": ([changed(SETTINGS, {CONTROL: False})], (CONTROL,))},
        unknown={"unknown": ([changed(SETTINGS, {CONTROL: UNKNOWN})], (CONTROL,))},
        skipped={"no cache": [changed(SETTINGS, {"settings.cachingEnabled": False, CONTROL: False})]},
    ),
    Cases(
        rule="health-check-uses-tls",
        good={"TLS": [CHECK], "with a text": [changed(CHECK, {"type": "HTTPS_STR_MATCH"})]},
        bad={
            "plain": ([changed(CHECK, {"type": "HTTP"})], ("type",)),
            "plain with a text": ([changed(CHECK, {"type": "http_str_match"})], ("type",)),
            "no name": ([changed(CHECK, {"enableSni": False})], ("enableSni",)),
        },
        unknown={"type": ([changed(CHECK, {"type": UNKNOWN})], ("type",))},
        skipped={"others": [changed(CHECK, {"type": "CALCULATED"})]},
    ),
    Cases(
        rule="health-check-is-on",
        good={"on": [CHECK]},
        bad={
            "off": ([changed(CHECK, {"disabled": True})], ("disabled",)),
            "inverted": ([changed(CHECK, {"invertHealthcheck": "true"})], ("invertHealthcheck",)),
        },
        unknown={"unknown": ([changed(CHECK, {"disabled": UNKNOWN})], ("disabled",))},
        always=True,
    ),
    Cases(
        rule="event-rule-is-on",
        good={"on": [RULE], "not set": [changed(RULE, {"state": GONE})], "schedule": [SCHEDULE]},
        bad={
            "off": ([changed(RULE, {"state": "DISABLED"})], ("state",)),
            "off the older way": ([changed(RULE, {"isEnabled": False, "state": GONE})], ("isEnabled",)),
            "schedule": ([changed(SCHEDULE, {"state": "DISABLED"})], ("state",)),
        },
        unknown={"unknown": ([changed(RULE, {"state": UNKNOWN})], ("state",))},
        always=True,
    ),
    Cases(
        rule="event-rule-names-sources",
        good={
            "source": [RULE],
            "kind": pattern({"detail-type": ["Order placed"]}),
            "beginning": pattern({"source": [{"prefix": "trading."}]}),
        },
        bad={
            "everything": (pattern({"account": [{"exists": True}]}), ("eventPattern",)),
            "any beginning": (pattern({"source": [{"prefix": ""}]}), ("eventPattern",)),
            "all but one": (pattern({"source": [{"anything-but": "x"}]}), ("eventPattern",)),
            "no list": (pattern([]), ("eventPattern",)),
            "no JSON": ([changed(RULE, {"eventPattern": "{"})], ("eventPattern",)),
        },
        unknown={"unknown": ([changed(RULE, {"eventPattern": UNKNOWN})], ("eventPattern",))},
        skipped={"schedule": [changed(RULE, {"eventPattern": GONE})]},
    ),
    Cases(
        rule="state-machine-ends",
        good={"ends": [MACHINE]},
        bad={
            "never": ([changed(MACHINE, {"definition": '{"States": {}}'})], ("definition",)),
            "no JSON": ([changed(MACHINE, {"definition": "{"})], ("definition",)),
            "a word": ([changed(MACHINE, {"definition": '{"TimeoutSeconds": "60"}'})], ("definition",)),
        },
        never_unknown="a definition that is not known has parts of resources in it, and its text is not read",
        skipped={
            "express": [changed(MACHINE, {"type": "EXPRESS", "definition": "{}"})],
            "to come": [changed(MACHINE, {"definition": UNKNOWN})],
        },
    ),
    Cases(
        rule="budget-tells-somebody",
        good={"told": [BUDGET], "an amount": budget(threshold=400, thresholdType="ABSOLUTE_VALUE")},
        bad={
            "none": ([changed(BUDGET, {"notifications": []})], ("notifications",)),
            "nobody": (budget(subscriberEmailAddresses=[]), ("notifications",)),
            "late": (budget(threshold=200), ("notifications",)),
            "a word": (budget(threshold="soon"), ("notifications",)),
        },
        unknown={"unknown": ([changed(BUDGET, {"notifications": UNKNOWN})], ("notifications",))},
        always=True,
    ),
    Cases(
        rule="topic-has-subscriber",
        good={"heard": [TOPIC, ALARM, SUBSCRIPTION]},
        bad={"nobody": ([TOPIC, ALARM], ("",))},
        unknown={"unknown": ([TOPIC, ALARM, UNSURE], ("",))},
        skipped={"no alarms": [TOPIC]},
    ),
    Cases(
        rule="cache-has-security-group",
        good={"group": [CACHE], "to come": [changed(CACHE, {"securityGroupIds": UNKNOWN})]},
        bad={
            "none": ([changed(CACHE, {"securityGroupIds": GONE})], ("securityGroupIds",)),
            "empty": ([changed(CACHE, {"securityGroupIds": []})], ("securityGroupIds",)),
        },
        never_unknown="a group that only AWS can decide is set",
        always=True,
    ),
    Cases(
        rule="cache-engine-supported",
        good={
            "new": [CACHE],
            "newest": [changed(CACHE, {"engineVersion": GONE})],
            "6": [changed(CACHE, {"engineVersion": "6.x"})],
        },
        bad={
            "old": ([changed(CACHE, {"engineVersion": "5.0.6"})], ("engineVersion",)),
            "a word": ([changed(CACHE, {"engineVersion": "old"})], ("engineVersion",)),
        },
        unknown={"unknown": ([changed(CACHE, {"engineVersion": UNKNOWN})], ("engineVersion",))},
        always=True,
    ),
    Cases(
        rule="security-group-ingress-names-sources",
        good={
            "network": [LINE],
            "older": [OLD],
            "everybody": [changed(LINE, {"cidrIpv4": "0.0.0.0/0"})],
            "a word": [changed(LINE, {"cidrIpv4": "mine"})],
        },
        bad={
            "ten": ([changed(LINE, {"cidrIpv4": "10.0.0.0/8"})], ("cidrIpv4",)),
            "older": ([changed(OLD, {"cidrBlocks": ["172.16.0.0/12"]})], ("cidrBlocks",)),
            "inline": ([GROUP], ("ingress.0.cidrBlocks",)),
        },
        skipped={
            "out": [changed(OLD, {"type": "egress", "cidrBlocks": ["10.0.0.0/8"]})],
            "a group": [changed(LINE, {"cidrIpv4": GONE})],
            "to come": [changed(LINE, {"cidrIpv4": GONE, "prefixListId": UNKNOWN})],
        },
        never_unknown="a range that is not known comes from a network of the stack",
    ),
    Cases(
        rule="instance-has-no-public-address",
        good={"none": [MACHINE_WITH], "template": [TEMPLATE]},
        bad={
            "address": ([changed(MACHINE_WITH, {"associatePublicIpAddress": True})], ("associatePublicIpAddress",)),
            "template": ([changed(TEMPLATE, {INTERFACE: "true"})], (INTERFACE,)),
        },
        unknown={
            "unknown": ([changed(MACHINE_WITH, {"associatePublicIpAddress": UNKNOWN})], ("associatePublicIpAddress",))
        },
        always=True,
    ),
    Cases(
        rule="topic-mail-goes-to-own-domains",
        good={"own": [MAIL], "another case": [changed(MAIL, {"endpoint": "OPS@Example.com"})]},
        bad={
            "another": ([changed(MAIL, {"endpoint": "ops@example.org"})], ("endpoint",)),
            "below": ([changed(MAIL, {"endpoint": "ops@example.com.example.org"})], ("endpoint",)),
            "before": ([changed(MAIL, {"endpoint": "ops@other-example.com"})], ("endpoint",)),
            "as JSON": ([changed(MAIL, {"protocol": "email-json", "endpoint": "ops@example.org"})], ("endpoint",)),
            "no address": ([changed(MAIL, {"endpoint": GONE})], ("endpoint",)),
        },
        unknown={
            "address": ([changed(MAIL, {"endpoint": UNKNOWN})], ("endpoint",)),
            "protocol": ([changed(MAIL, {"protocol": UNKNOWN, "endpoint": "ops@example.org"})], ("protocol",)),
        },
        skipped={"text message": [changed(MAIL, {"protocol": "sms", "endpoint": "+12025550123"})]},
        parameters={"domains": ["example.com"]},
    ),
]
