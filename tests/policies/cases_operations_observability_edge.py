"""Fixtures of policies/rules/operations/observability_edge.py."""

from __future__ import annotations

import dataclasses
import json

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

BUCKET = made("aws:s3/bucket:Bucket", "logs")
GROUP = made("aws:cloudwatch/logGroup:LogGroup", "log")
TOPIC = made("aws:sns/topic:Topic", "topic")
PAGES = made("aws:cloudfront/distribution:Distribution", "pages", enabled=True)
STORE = made("aws:cloudfront/distribution:Distribution", "store", enabled=True)
CLASSIC_LOGS = changed(PAGES, {"loggingConfig": {"bucket": "logs.s3.amazonaws.com", "prefix": "pages/"}})
SOURCE = made(
    "aws:cloudwatch/logDeliverySource:LogDeliverySource",
    "source",
    refers={"resourceArn": PAGES},
    name="pages",
    logType="ACCESS_LOGS",
)
DELIVERY = made(
    "aws:cloudwatch/logDelivery:LogDelivery", "delivery", deliverySourceName="pages", deliveryDestinationArn=UNKNOWN
)
ACL = made(
    "aws:wafv2/webAcl:WebAcl",
    "acl",
    visibilityConfig={"cloudwatchMetricsEnabled": True, "metricName": "acl"},
    rules=[{"name": "rate", "visibilityConfig": {"cloudwatchMetricsEnabled": True, "metricName": "rate"}}],
)
ROW = {"Name": "rate", "VisibilityConfig": {"CloudWatchMetricsEnabled": True, "MetricName": "rate"}}
OF_JSON = changed(ACL, {"rules": GONE, "ruleJson": json.dumps([ROW])})
ACL_LOGS = dataclasses.replace(
    made("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "logs", resourceArn=UNKNOWN),
    inputs={"resourceArn": UNKNOWN, "logDestinationConfigs": [UNKNOWN]},
    property_dependencies={"resourceArn": (ACL.urn,), "logDestinationConfigs": (BUCKET.urn,)},
)
TO_TOPIC = dataclasses.replace(
    ACL_LOGS, property_dependencies={"resourceArn": (ACL.urn,), "logDestinationConfigs": (TOPIC.urn,)}
)
ACL_ANYWHERE = dataclasses.replace(ACL_LOGS, property_dependencies={})
DROPPING = {"loggingFilter": {"defaultBehavior": "DROP", "filters": [{"behavior": "KEEP", "requirement": "MEETS_ANY"}]}}
REDACTED = changed(
    ACL_LOGS,
    {"redactedFields": [{"singleHeader": {"name": "Authorization"}}, {"singleHeader": {"name": "cookie"}}]},
)
DESTINATION = made(
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
    deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::test-logs"},
)
TARGET = "deliveryDestinationConfiguration.destinationResourceArn"
FLAG = "visibilityConfig.cloudwatchMetricsEnabled"
ZONE = made("aws:route53/zone:Zone", "zone", name="example.com")
QUERIES = made("aws:route53/queryLog:QueryLog", refers={"zoneId": ZONE, "cloudwatchLogGroupArn": GROUP})
QUERIES_TO_BUCKET = made("aws:route53/queryLog:QueryLog", refers={"zoneId": ZONE, "cloudwatchLogGroupArn": BUCKET})
CERTIFICATE = made("aws:acm/certificate:Certificate", domainName="example.com", validationMethod="DNS")
PREFERENCE = "options.certificateTransparencyLoggingPreference"
BALANCER = made("aws:lb/loadBalancer:LoadBalancer", accessLogs={"enabled": True, "bucket": "test-logs"})
ON, TO = "accessLogs.enabled", "accessLogs.bucket"
CLASSIC = made("aws:elb/loadBalancer:LoadBalancer", accessLogs={"bucket": "test-logs"})
DESTINATIONS = "logDestinationConfigs"
WRITTEN = "ruleJson[0].VisibilityConfig"

CASES = [
    Cases(
        rule="distribution-logs-access",
        good={
            "delivered": [PAGES, SOURCE, DELIVERY],
            "classic": [CLASSIC_LOGS],
            "to come": [changed(PAGES, {"loggingConfig": {"bucket": UNKNOWN}})],
        },
        bad={
            "none": ([PAGES], ("loggingConfig",)),
            "no bucket": ([changed(CLASSIC_LOGS, {"loggingConfig.bucket": ""})], ("loggingConfig",)),
            "of another": ([STORE, SOURCE, DELIVERY, PAGES], ("loggingConfig",)),
            "not delivered": ([PAGES, SOURCE], ("loggingConfig",)),
            "another source's": ([PAGES, SOURCE, changed(DELIVERY, {"deliverySourceName": "b"})], ("loggingConfig",)),
            "no destination": (
                [PAGES, SOURCE, made(DELIVERY.type, deliverySourceName="pages")],
                ("loggingConfig",),
            ),
        },
        unknown={
            "source": ([PAGES, dataclasses.replace(SOURCE, property_dependencies={})], ("loggingConfig",)),
            "delivery": ([PAGES, SOURCE, changed(DELIVERY, {"deliverySourceName": UNKNOWN})], ("loggingConfig",)),
        },
        always=True,
    ),
    Cases(
        rule="log-delivery-has-destination",
        good={
            "bucket": [DESTINATION],
            "log group": [changed(DESTINATION, {TARGET: "arn:aws:logs:us-east-1:1:log-group:pages"})],
            "to come": [changed(DESTINATION, {TARGET: UNKNOWN})],
        },
        bad={
            "not set": ([changed(DESTINATION, {"deliveryDestinationConfiguration": GONE})], (TARGET,)),
            "empty": ([changed(DESTINATION, {TARGET: ""})], (TARGET,)),
            "topic": ([changed(DESTINATION, {TARGET: "arn:aws:sns:us-east-1:1:a"})], (TARGET,)),
            "name": ([changed(DESTINATION, {TARGET: "logs"})], (TARGET,)),
        },
        never_unknown="a destination that only AWS can decide is set",
        skipped={"traces": [made(DESTINATION.type, deliveryDestinationType="XRAY")]},
    ),
    Cases(
        rule="web-acl-logs-without-credentials",
        good={"both": [REDACTED]},
        bad={
            "not set": ([ACL_LOGS], ("redactedFields",)),
            "one": ([changed(REDACTED, {"redactedFields.1.singleHeader.name": "host"})], ("redactedFields",)),
            "no header": ([changed(REDACTED, {"redactedFields.0": {"uriPath": {}}})], ("redactedFields",)),
            "one, no list": (
                [changed(REDACTED, {"redactedFields": {"singleHeader": {"name": "cookie"}}})],
                ("redactedFields",),
            ),
        },
        unknown={
            "fields": ([changed(REDACTED, {"redactedFields": UNKNOWN})], ("redactedFields",)),
            "name": ([changed(REDACTED, {"redactedFields.0.singleHeader.name": UNKNOWN})], ("redactedFields",)),
        },
        always=True,
    ),
    Cases(
        rule="web-acl-logs-requests",
        good={
            "acl": [ACL, ACL_LOGS],
            "logging": [ACL_LOGS, ACL],
            "one, no list": [changed(ACL_LOGS, {DESTINATIONS: UNKNOWN})],
            "some kept": [changed(ACL_LOGS, DROPPING)],
            "log group": [changed(ACL_LOGS, {f"{DESTINATIONS}.0": "arn:aws:logs:x:1:log-group:aws-waf-logs-a"})],
        },
        bad={
            "none": ([ACL], ("",)),
            "no destination": ([changed(ACL_LOGS, {DESTINATIONS: []})], (DESTINATIONS,)),
            "not set": ([changed(ACL_LOGS, {DESTINATIONS: GONE})], (DESTINATIONS,)),
            "topic": ([TO_TOPIC], (f"{DESTINATIONS}.0",)),
            "topic by ARN": ([changed(ACL_LOGS, {f"{DESTINATIONS}.0": "arn:aws:sns:x:1:a"})], (f"{DESTINATIONS}.0",)),
            "all dropped": (
                [changed(ACL_LOGS, {"loggingFilter": {"defaultBehavior": "DROP", "filters": [{"behavior": "DROP"}]}})],
                ("loggingFilter.defaultBehavior",),
            ),
        },
        unknown={"which": ([ACL, ACL_ANYWHERE], ("",))},
        always=True,
    ),
    Cases(
        rule="web-acl-rules-have-metrics",
        good={
            "acl": [ACL],
            "no rules": [changed(ACL, {"rules": GONE})],
            "JSON": [OF_JSON],
            "group": [made("aws:wafv2/ruleGroup:RuleGroup", visibilityConfig={"cloudwatchMetricsEnabled": "true"})],
        },
        bad={
            "acl": ([changed(ACL, {FLAG: False})], (FLAG,)),
            "acl not set": ([changed(ACL, {"visibilityConfig": GONE})], (FLAG,)),
            "rule": ([changed(ACL, {f"rules.0.{FLAG}": False})], (f"rules.0.{FLAG}",)),
            "rule not set": ([changed(ACL, {"rules.0.visibilityConfig": GONE})], (f"rules.0.{FLAG}",)),
            "JSON": (
                [changed(OF_JSON, {"ruleJson": json.dumps(ROW | {"VisibilityConfig": 7})})],
                (WRITTEN,),
            ),
            "no JSON": ([changed(OF_JSON, {"ruleJson": "{"})], (WRITTEN,)),
        },
        unknown={
            "rules": ([changed(ACL, {"rules": UNKNOWN})], ("rules",)),
            "rule": ([changed(ACL, {f"rules.0.{FLAG}": UNKNOWN})], (f"rules.0.{FLAG}",)),
            "JSON": ([changed(OF_JSON, {"ruleJson": UNKNOWN})], ("ruleJson",)),
        },
        always=True,
    ),
    Cases(
        rule="public-zone-logs-queries",
        good={"log": [ZONE, QUERIES, GROUP]},
        bad={
            "none": ([ZONE], ("",)),
            "of another": ([made("aws:route53/zone:Zone", "other", name="a.example"), QUERIES, ZONE], ("",)),
            "to a bucket": ([ZONE, QUERIES_TO_BUCKET], ("cloudwatchLogGroupArn",)),
        },
        unknown={"which": ([ZONE, dataclasses.replace(QUERIES, property_dependencies={})], ("",))},
        skipped={"private": [changed(ZONE, {"vpcs": [{"vpcId": UNKNOWN}]})]},
    ),
    Cases(
        rule="certificate-is-in-public-logs",
        good={"not set": [CERTIFICATE], "on": [changed(CERTIFICATE, {PREFERENCE: "ENABLED"})]},
        bad={"off": ([changed(CERTIFICATE, {PREFERENCE: "disabled"})], (PREFERENCE,))},
        unknown={"preference": ([changed(CERTIFICATE, {PREFERENCE: UNKNOWN})], (PREFERENCE,))},
        skipped={
            "imported": [changed(CERTIFICATE, {"certificateBody": "PEM"})],
            "private": [changed(CERTIFICATE, {"certificateAuthorityArn": UNKNOWN, PREFERENCE: "DISABLED"})],
        },
    ),
    Cases(
        rule="load-balancer-logs-access",
        good={
            "on": [BALANCER],
            "network": [changed(BALANCER, {"loadBalancerType": "network"})],
            "old name": [made("aws:alb/loadBalancer:LoadBalancer", accessLogs={"enabled": True, "bucket": UNKNOWN})],
            "classic": [CLASSIC],
        },
        bad={
            "off": ([changed(BALANCER, {ON: False})], (ON,)),
            "no flag": ([changed(BALANCER, {ON: GONE})], (ON,)),
            "not set": ([changed(BALANCER, {"accessLogs": GONE})], (ON, TO)),
            "no bucket": ([changed(BALANCER, {TO: ""})], (TO,)),
            "log group": ([changed(BALANCER, {TO: "arn:aws:logs:eu-west-1:1:log-group:a"})], (TO,)),
            "classic off": ([changed(CLASSIC, {ON: False})], (ON,)),
            "classic not set": ([changed(CLASSIC, {"accessLogs": GONE})], (TO,)),
        },
        unknown={"enabled": ([changed(BALANCER, {ON: UNKNOWN})], (ON,))},
        skipped={"gateway": [changed(BALANCER, {"loadBalancerType": "gateway", "accessLogs": GONE})]},
    ),
]
