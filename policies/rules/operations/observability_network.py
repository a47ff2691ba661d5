"""Networks: flow logs, and security groups that say what they are for."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.graph import UNKNOWN
from policies.rules.encryption.keys import places
from policies.rules.model import PASS, Outcome, View, all_of, any_of, check, check_word, fail, rule, unknown
from policies.rules.operations.observability_delivery import BUCKET, FIREHOSE, LOG_GROUP, ROLE, delivers
from policies.rules.operations.openings import DEFAULT_GROUP, EGRESS, GROUP, INGRESS, RULE

VPC = "aws:ec2/vpc:Vpc"
DEFAULT_VPC = "aws:ec2/defaultVpc:DefaultVpc"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
_FLOW_LOGS = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"
_DESTINATIONS = {"cloud-watch-logs": LOG_GROUP, "s3": BUCKET, "kinesis-data-firehose": FIREHOSE}
# What Pulumi and Terraform write where nobody wrote anything.
_PLACEHOLDERS = ("managed by pulumi", "managed by terraform")


@rule(
    "OP-220",
    "vpc-has-flow-log",
    pack="operations",
    types=(VPC, DEFAULT_VPC),
    severity="medium",
    scope="stack",
    rationale="Which machine talked to which address, before anybody thought of asking, is known from flow logs only.",
    url=_FLOW_LOGS,
    remediation='Add aws.ec2.FlowLog with the vpc_id and traffic_type="ALL".',
    controls=("EC2.6", "CKV2_AWS_11", "AwsSolutions-VPC7", "3.7"),
    parameters={"traffic": ["ALL"]},
)
def flow_log(view: View) -> Outcome:
    """Logs of single subnets or interfaces leave out those that are added later."""
    logs, uncertain = view.referrers(FLOW_LOG, "vpcId")
    allowed = view.parameters["traffic"]
    expected = f"a flow log of the network's traffic, {' or '.join(allowed)}"
    found = any_of(check_word(log, "trafficType", allowed, known=("ACCEPT", "REJECT", "ALL")) for log in logs)
    if found.word == "pass":
        return PASS
    if uncertain or found.word == "unknown":
        return unknown("", expected)
    return fail("", "a flow log of a part of the traffic" if logs else "no flow log", expected)


@rule(
    "OP-221",
    "flow-log-is-delivered",
    pack="operations",
    types=(FLOW_LOG,),
    severity="medium",
    rationale="A flow log with the wrong destination, or without a role that may write there, is empty.",
    url=_FLOW_LOGS,
    remediation="Set log_destination to the ARN of a log group, with iam_role_arn, or of a bucket with "
    'log_destination_type="s3".',
    controls=("EC2.6", "3.7"),
)
def delivered(view: View) -> Outcome:
    kind = view.get("logDestinationType", "cloud-watch-logs")
    if kind is UNKNOWN:
        return unknown("logDestinationType", "the kind of log_destination")
    type_ = _DESTINATIONS.get(str(kind).lower())
    if type_ is None:
        return fail("logDestinationType", "another text", " or ".join(_DESTINATIONS))
    if type_ == LOG_GROUP:
        role = delivers(view, "iamRoleArn", [ROLE], "the ARN of a role")
        if view.is_set("logGroupName") and not view.is_set("logDestination"):
            return role
        return all_of([delivers(view, "logDestination", [type_], "the ARN of a log group"), role])
    return delivers(
        view, "logDestination", [type_], "the ARN of a bucket" if type_ == BUCKET else "the ARN of a stream"
    )


@rule(
    "OP-222",
    "security-group-lines-are-described",
    pack="operations",
    types=(GROUP, DEFAULT_GROUP, RULE, INGRESS, EGRESS),
    severity="low",
    rationale="Nobody dares to take away a line of which nobody knows who needs it.",
    url="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    remediation="Give the group and each of its rules a description that says who needs what.",
    controls=(
        *("CKV_AWS_23", "AwsSolutions-EC27", "aws-ec2-securitygroup-missing-description"),
        "aws-ec2-securitygroup-missing-ingress-rule-description",
    ),
)
def described(view: View) -> Outcome:
    """The default group's own description is AWS's."""
    return all_of([PASS, *(check(view, path, _says, "a description") for path in _descriptions(view))])


def _descriptions(view: View) -> Iterator[str]:
    if view.type != DEFAULT_GROUP:
        yield "description"
    if view.type in (GROUP, DEFAULT_GROUP):
        for direction in ("ingress", "egress"):
            # Lines that are not known at all have no place of their own.
            lines = places(view, direction)
            yield from [f"{each}.description" for each in lines] if lines is not None else [direction]


def _says(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip()) and text.strip().lower() not in _PLACEHOLDERS
