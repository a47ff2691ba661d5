"""Log groups: how long they keep what they get."""

from __future__ import annotations

from policies.rules.model import Outcome, View, check, rule

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


@rule(
    "OP-115",
    "log-group-has-retention",
    pack="operations",
    types=(LOG_GROUP,),
    severity="medium",
    rationale="A group without retention keeps everything for ever, and is paid for as long.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-16",
    remediation="Set retention_in_days to what the documents ask for in this environment.",
    controls=("CKV_AWS_66", "CloudWatch.16", "Serverless-CloudWatchLogGroupRetentionPeriod", "CKV_AWS_338"),
    criteria=("TRADING-14.6a", "TRADING-14.6b"),
    parameters={"least_days": 30, "most_days": 3653},
)
def retention(view: View) -> Outcome:
    """0 means for ever. The days are parameters: the documents ask for fewer than the controls' year."""
    least, most = int(view.parameters["least_days"]), int(view.parameters["most_days"])
    return check(view, "retentionInDays", lambda days: least <= int(days) <= most, f"{least} to {most} days")
