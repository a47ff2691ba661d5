"""Where logs go, and lists that must have certain members: what the rules on observability share."""

from __future__ import annotations

from collections.abc import Iterable

from plumbline.graph import UNKNOWN
from policies.rules.model import PASS, Outcome, View, fail, kind_of, unknown

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
BUCKET = "aws:s3/bucket:Bucket"
FIREHOSE = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
ROLE = "aws:iam/role:Role"
# The service in the ARNs of each type.
_SERVICES = {
    LOG_GROUP: "logs",
    BUCKET: "s3",
    FIREHOSE: "firehose",
    ROLE: "iam",
    "aws:sns/topic:Topic": "sns",
    "aws:lambda/function:Function": "lambda",
    "aws:autoscaling/policy:Policy": "autoscaling",
    "aws:appautoscaling/policy:Policy": "autoscaling",
    "aws:ssmincidents/responsePlan:ResponsePlan": "ssm-incidents",
}


def delivers(
    view: View, path: str, types: Iterable[str], expected: str, *, named: bool = False, more: Iterable[str] = ()
) -> Outcome:
    """Judge where something is sent: set, and to one of some types of resources.

    `named` takes the name of a resource as well as its ARN. `more` are further services that an ARN may be of. An
    unknown value is judged by the resources that it comes from; where those are none of AWS's, it could be anything.
    """
    allowed = set(types)
    value = view.get(path)
    if value is UNKNOWN:
        found = [type_ for type_ in view.source_types(path) if type_.startswith("aws:")]
        if found and not allowed.intersection(found):
            return fail(path, f"an output of {found[0]}", expected)
        return PASS
    if not isinstance(value, str) or not value:
        return fail(path, kind_of(value), expected)
    parts = value.split(":")
    if parts[0].lower() != "arn":
        return PASS if named else fail(path, "another text", expected)
    services = {*more, *(_SERVICES[type_] for type_ in allowed if type_ in _SERVICES)}
    return PASS if parts[2:3] and parts[2] in services else fail(path, "the ARN of something else", expected)


def has_all(view: View, path: str, wanted: Iterable[str]) -> Outcome:
    """Judge whether a list of words has some of them, in any case."""
    words = list(wanted)
    expected = ", ".join(words)
    given = view.items(path)
    if given is None:
        return unknown(path, expected)
    present = {each.casefold() for each in given if isinstance(each, str)}
    missing = [word for word in words if word.casefold() not in present]
    if not missing:
        return PASS
    if any(each is UNKNOWN for each in given):
        return unknown(path, expected)
    return fail(path, f"no {', '.join(missing)}" if given else "not set", expected)
