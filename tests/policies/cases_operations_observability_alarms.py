"""Fixtures of policies/rules/operations/observability_alarms.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

TOPIC = "arn:aws:sns:eu-west-1:111122223333:test-alerts"
ALARM = made(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    comparisonOperator="GreaterThanThreshold",
    evaluationPeriods=1,
    alarmActions=[TOPIC],
    okActions=[TOPIC],
)
REFERRING = made(
    "aws:cloudwatch/metricAlarm:MetricAlarm", refers={"alarmActions": made("aws:sns/topic:Topic", "alerts")}
)
TO_BUCKET = made(
    "aws:cloudwatch/metricAlarm:MetricAlarm", refers={"alarmActions": made("aws:s3/bucket:Bucket", "files")}
)
COMPOSITE = made("aws:cloudwatch/compositeAlarm:CompositeAlarm", alarmRule="ALARM(a)", alarmActions=[TOPIC])
FIRST = "alarmActions.0"

CASES = [
    Cases(
        rule="alarm-has-action",
        good={
            "topic": [ALARM],
            "one, no list": [changed(ALARM, {"alarmActions": TOPIC})],
            "unknown": [changed(ALARM, {"alarmActions": UNKNOWN})],
            "to come": [changed(REFERRING, {"alarmActions": [UNKNOWN]})],
            "all to come": [REFERRING],
            "machine": [changed(ALARM, {FIRST: "arn:aws:automate:eu-west-1:ec2:recover"})],
            "composite": [COMPOSITE],
        },
        bad={
            "not set": ([changed(ALARM, {"alarmActions": GONE})], ("alarmActions",)),
            "null": ([changed(ALARM, {"alarmActions": None})], ("alarmActions",)),
            "empty": ([changed(ALARM, {"alarmActions": []})], ("alarmActions",)),
            "empty text": ([changed(ALARM, {FIRST: ""})], (FIRST,)),
            "name": ([changed(ALARM, {FIRST: "alerts"})], (FIRST,)),
            "queue": ([changed(ALARM, {FIRST: "arn:aws:sqs:eu-west-1:111122223333:alerts"})], (FIRST,)),
            "bucket to come": ([changed(TO_BUCKET, {"alarmActions": [UNKNOWN]})], (FIRST,)),
            "composite": ([changed(COMPOSITE, {"alarmActions": []})], ("alarmActions",)),
        },
        never_unknown="an action that only AWS can decide is set",
        always=True,
    ),
    Cases(
        rule="alarm-actions-enabled",
        good={"not set": [ALARM], "on": [changed(ALARM, {"actionsEnabled": True})], "composite": [COMPOSITE]},
        bad={
            "off": ([changed(ALARM, {"actionsEnabled": False})], ("actionsEnabled",)),
            "text": ([changed(ALARM, {"actionsEnabled": "false"})], ("actionsEnabled",)),
            "composite": ([changed(COMPOSITE, {"actionsEnabled": False})], ("actionsEnabled",)),
        },
        unknown={"enabled": ([changed(ALARM, {"actionsEnabled": UNKNOWN})], ("actionsEnabled",))},
        always=True,
    ),
]
