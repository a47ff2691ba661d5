"""Alarms that reach somebody."""

from __future__ import annotations

from policies.rules.encryption.keys import places
from policies.rules.model import Outcome, View, all_of, check_true, fail, rule
from policies.rules.operations.observability_delivery import delivers

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
_URL = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html"
_ACTIONS = (
    "aws:sns/topic:Topic",
    "aws:lambda/function:Function",
    "aws:lambda/alias:Alias",
    "aws:autoscaling/policy:Policy",
    "aws:appautoscaling/policy:Policy",
    "aws:ssmincidents/responsePlan:ResponsePlan",
)


@rule(
    "OP-214",
    "alarm-has-action",
    pack="operations",
    types=(ALARM, COMPOSITE),
    severity="high",
    rationale="An alarm that does nothing is a red dot on a page that nobody has open.",
    url=_URL,
    remediation="Set alarm_actions to the ARN of the topic that wakes somebody up.",
    controls=("CloudWatch.15",),
    criteria=("TRADING-14.8",),
)
def action(view: View) -> Outcome:
    """Actions for "OK" or for missing data do not count: they say nothing when it matters."""
    path = "alarmActions"
    expected = "the ARN of a topic, or of another action"
    listed = places(view, path)
    if listed == []:
        return fail(path, "not set", expected)
    more = ("automate", "ssm", "swf", "aiops")
    return all_of(delivers(view, each, _ACTIONS, expected, more=more) for each in listed or [path])


@rule(
    "OP-215",
    "alarm-actions-enabled",
    pack="operations",
    types=(ALARM, COMPOSITE),
    severity="high",
    rationale="Actions that were switched off for one night of maintenance stay off until the next outage.",
    url=_URL,
    remediation="Leave actions_enabled out, or set it to True.",
    controls=("CloudWatch.17", "CKV_AWS_319"),
    criteria=("TRADING-14.8",),
)
def enabled(view: View) -> Outcome:
    return check_true(view, "actionsEnabled", default=True)
