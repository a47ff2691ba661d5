"""Faults in functions, workflows, schedules, events, logs, alarms, costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.cases import GONE
from tests.policies.faults import Bench, Fault
from tests.policies.faults_documents import ELSEWHERE

AREA = "functions and events"
LOGS = "logs, alarms and costs"
CREDENTIALS = "function-environment-without-credentials"
SOURCE = ("lambda-permission-names-source", "lambda-permission-not-public")
QUEUE = "event-target-has-dead-letter-queue"
# What looks like a credential, none of which was ever one.
PLANTED = {
    "an access key": ("AWS_KEY", "AKIA" + "IOSFODNN7EXAMPLE"),
    "a secret access key": ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY"),
    "a password": ("DB_PASSWORD", "correct horse battery"),
    "a password in an address": ("DATABASE_URL", "postgres://trading:hunter22@db.example.com/trading"),
    "a private key": ("SIGNER", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
    "a token": ("API_TOKEN", "ghp_" + "0123456789abcdefghij0123456789abcdef"),
    "an API key": ("DEEPSEEK_API_KEY", "sk-" + "0123456789abcdef0123456789abcdef"),
}

ALARMS = ("cloudwatch:MetricAlarm", "cloudwatch:CompositeAlarm")
EDITS: Mapping[str, list[tuple[Any, ...]]] = {
    "lambda:Function": [
        *(
            (f"{what} among its variables", {f"environment.variables.{name}": value}, CREDENTIALS)
            for what, (name, value) in PLANTED.items()
        ),
        ("no traces", {"tracingConfig.mode": "PassThrough"}, "lambda-traces-requests"),
        ("traces missing", {"tracingConfig": GONE}, "lambda-traces-requests"),
        *(
            (f"runtime {word}", {"runtime": word}, "lambda-runtime-supported")
            for word in ("python3.8", "nodejs16.x", "go1.x", "java8")
        ),
        ("outside of the VPC", {"vpcConfig": GONE}, "function-is-in-vpc"),
        (
            "in no subnet",
            {"vpcConfig": lambda old: {**old, "subnetIds": []} if old else GONE},
            "function-is-in-vpc",
            "lambda-in-several-zones",
        ),
        ("in one subnet", {"vpcConfig.subnetIds": ["subnet-1"]}, "lambda-in-several-zones"),
        ("too much memory", {"memorySize": 10240}, "function-memory-and-time-are-chosen"),
        ("memory missing", {"memorySize": GONE}, "function-memory-and-time-are-chosen"),
        ("time missing", {"timeout": GONE}, "function-memory-and-time-are-chosen"),
        ("another log group", {"loggingConfig.logGroup": "/elsewhere"}, "lambda-log-group-is-of-stack"),
        ("never throttled", {"reservedConcurrentExecutions": 900}, "function-concurrency-is-reserved"),
        ("concurrency not reserved", {"reservedConcurrentExecutions": GONE}, "function-concurrency-is-reserved"),
        (
            "a layer of another account",
            {"layers": [f"arn:aws:lambda:us-east-1:{ELSEWHERE}:layer:x:1"]},
            "reference-stays-in-trusted-accounts",
        ),
        (
            "an image of another account",
            {"packageType": "Image", "imageUri": f"{ELSEWHERE}.dkr.ecr.us-east-1.amazonaws.com/x:latest", "code": GONE},
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "lambda:Permission": [
        ("anybody", {"principal": "*"}, "lambda-permission-not-public"),
        ("no source", {"sourceArn": GONE, "sourceAccount": GONE}, *SOURCE),
        ("no source at all", {"sourceArn": GONE}, *SOURCE),
        ("every source", {"sourceArn": "*", "sourceAccount": GONE}, *SOURCE),
        ("every API", {"sourceArn": "arn:aws:execute-api:*:*:*"}, *SOURCE),
        ("another account's source", {"sourceAccount": ELSEWHERE}, *SOURCE, "resource-shared-with-trusted-accounts"),
        ("another account", {"principal": ELSEWHERE}, *SOURCE, "resource-shared-with-trusted-accounts"),
        (
            "a role of another account",
            {"principal": f"arn:aws:iam::{ELSEWHERE}:root"},
            *SOURCE,
            "resource-shared-with-trusted-accounts",
        ),
        ("every action", {"action": "lambda:*"}, "lambda-permission-only-invokes"),
        ("changing its code", {"action": "lambda:UpdateFunctionCode"}, "lambda-permission-only-invokes"),
        ("as a URL for anybody", {"functionUrlAuthType": "NONE", "principal": "*"}, "lambda-permission-not-public"),
    ],
    "lambda:ProvisionedConcurrencyConfig": [
        ("a thousand", {"provisionedConcurrentExecutions": 1000}, "function-provisioned-concurrency-is-limited"),
    ],
    "sfn:StateMachine": [
        ("no logs", {"loggingConfiguration.level": "OFF"}, "state-machine-logs-executions"),
        ("logs missing", {"loggingConfiguration": GONE}, "state-machine-logs-executions"),
        ("errors only", {"loggingConfiguration.level": "ERROR"}, "state-machine-logs-executions"),
        ("logs nowhere", {"loggingConfiguration.logDestination": GONE}, "state-machine-logs-executions"),
        ("no traces", {"tracingConfiguration.enabled": False}, "state-machine-traces-executions"),
        ("traces missing", {"tracingConfiguration": GONE}, "state-machine-traces-executions"),
        (
            "a function of another account",
            {"definition": lambda old: old.replace("222222222222", ELSEWHERE).replace("111111111111", ELSEWHERE)},
            "reference-stays-in-trusted-accounts",
        ),
        (
            "without end",
            {"definition": lambda old: json.dumps({k: v for k, v in json.loads(old).items() if k != "TimeoutSeconds"})},
            "state-machine-ends",
        ),
    ],
    "cloudwatch:EventTarget": [
        ("no dead-letter queue", {"deadLetterConfig": GONE}, QUEUE),
        ("an empty dead-letter queue", {"deadLetterConfig.arn": ""}, QUEUE),
        (
            "another account's bus",
            {"arn": f"arn:aws:events:us-east-1:{ELSEWHERE}:event-bus/default"},
            "reference-stays-in-trusted-accounts",
        ),
        (
            "another account's function",
            {"arn": f"arn:aws:lambda:us-east-1:{ELSEWHERE}:function:f"},
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "cloudwatch:EventRule": [
        ("disabled", {"state": "DISABLED"}, "event-rule-is-on"),
        ("every event", {"eventPattern": '{"account":[{"exists":true}]}'}, "event-rule-names-sources"),
        ("events of anybody", {"eventPattern": '{"source":[{"prefix":""}]}'}, "event-rule-names-sources"),
    ],
    "scheduler:Schedule": [
        ("no dead-letter queue", {"target.deadLetterConfig": GONE}, QUEUE),
        (
            "another account's function",
            {"target.arn": f"arn:aws:lambda:us-east-1:{ELSEWHERE}:function:f"},
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "lambda:Alias": [("of what was uploaded last", {"functionVersion": "$LATEST"}, "lambda-alias-is-of-a-version")],
    "backup:Plan": [
        ("no copies", {"rules.0.copyActions": GONE}, "backup-plan-copies-backups"),
        ("an empty list of copies", {"rules.0.copyActions": []}, "backup-plan-copies-backups"),
    ],
    "sns:TopicSubscription": [
        (
            "a stranger's address",
            {"protocol": "email", "endpoint": "someone@example.org"},
            "topic-mail-goes-to-own-domains",
        ),
        ("plain HTTP", {"protocol": "http", "endpoint": "http://hooks.example.com/"}, "subscription-uses-tls"),
        (
            "HTTP under the name of HTTPS",
            {"protocol": "https", "endpoint": "http://hooks.example.com/"},
            "subscription-uses-tls",
        ),
        (
            "another account's queue",
            {"protocol": "sqs", "endpoint": f"arn:aws:sqs:us-east-1:{ELSEWHERE}:q"},
            "reference-stays-in-trusted-accounts",
        ),
        (
            "no dead-letter queue",
            {
                "protocol": "lambda",
                "endpoint": "arn:aws:lambda:us-east-1:222222222222:function:f",
                "redrivePolicy": GONE,
            },
            "subscription-has-dead-letter-queue",
        ),
    ],
}
OBSERVED: Mapping[str, list[tuple[Any, ...]]] = {
    "cloudwatch:LogGroup": [
        ("kept for ever", {"retentionInDays": 0}, "log-group-has-retention"),
        ("retention missing", {"retentionInDays": GONE}, "log-group-has-retention"),
        ("kept for a day", {"retentionInDays": 1}, "log-group-has-retention"),
        ("kept for a week", {"retentionInDays": 7}, "log-group-has-retention"),
    ],
    "cloudwatch:MetricAlarm": [
        ("tells nobody", {"alarmActions": []}, "alarm-has-action"),
        ("actions missing", {"alarmActions": GONE}, "alarm-has-action"),
        ("actions off", {"actionsEnabled": False}, "alarm-actions-enabled"),
    ],
    "cloudwatch:CompositeAlarm": [
        ("tells nobody", {"alarmActions": []}, "alarm-has-action"),
        ("actions missing", {"alarmActions": GONE}, "alarm-has-action"),
        ("actions off", {"actionsEnabled": False}, "alarm-actions-enabled"),
    ],
    "wafv2:WebAclLoggingConfiguration": [
        ("credentials in logs", {"redactedFields": []}, "web-acl-logs-without-credentials"),
        ("nothing redacted", {"redactedFields": GONE}, "web-acl-logs-without-credentials"),
        (
            "cookies in logs",
            {"redactedFields": [{"singleHeader": {"name": "authorization"}}]},
            "web-acl-logs-without-credentials",
        ),
        ("goes nowhere", {"logDestinationConfigs": []}, "web-acl-logs-requests"),
        (
            "nothing kept",
            {"loggingFilter": {"defaultBehavior": "DROP", "filters": []}},
            "web-acl-logs-requests",
        ),
    ],
    "cloudwatch:LogDeliveryDestination": [
        ("goes nowhere", {"deliveryDestinationConfiguration": GONE}, "log-delivery-has-destination"),
        (
            "another account's log group",
            {
                "deliveryDestinationConfiguration": {
                    "destinationResourceArn": f"arn:aws:logs:us-east-1:{ELSEWHERE}:log-group:g"
                }
            },
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "budgets:Budget": [
        ("tells nobody", {"notifications": []}, "budget-tells-somebody"),
        ("notifications missing", {"notifications": GONE}, "budget-tells-somebody"),
        ("tells late", {"notifications.*.threshold": 1000}, "budget-tells-somebody"),
    ],
}


def faults(bench: Bench) -> Iterator[Fault]:
    yield from bench.table(AREA, EDITS)
    yield from bench.table(LOGS, OBSERVED, "cloudfront:Distribution", "wafv2:WebAcl")
    functions = {function.get("loggingConfig.logGroup"): function.urn for function in bench.of("lambda:Function")}
    for group in bench.of("cloudwatch:LogGroup"):
        if group.get("name") in functions:
            at = [functions[group.get("name")]]
            yield from bench.drop("companions", "missing", group, "lambda-log-group-is-of-stack", at=at)
    distributions = [found.urn for found in bench.of("cloudfront:Distribution")]
    for part in bench.of("cloudwatch:LogDelivery", "cloudwatch:LogDeliverySource"):
        yield from bench.drop("companions", "missing", part, "distribution-logs-access", at=distributions)
    topics = [topic.urn for topic in bench.of("sns:Topic")]
    for topic in topics:
        parts = [part.urn for part in bench.of("sns:TopicSubscription") if topic in bench.about(part)]
        senders = ("backup:VaultNotifications", "budgets:Budget", "cloudwatch:EventTarget", *ALARMS)
        if parts and any(topic in bench.about(sender) for sender in bench.of(*senders)):
            first = bench.graph.resources[parts[0]]
            name = "all of its topic missing"
            yield from bench.drop("companions", name, first, "topic-has-subscriber", at=[topic], also=parts)
