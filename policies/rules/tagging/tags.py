"""The tags by which resources are found, owned and paid for, on every type that takes tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.graph import UNKNOWN, Secret
from plumbline.taggable import taggable
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    fail,
    is_true,
    kind_of,
    present_type,
    rule,
    unknown,
)
from policies.rules.model import word_or_other as shown

_SHAPES = {present_type(type_): shape for type_, shape in taggable().items()}
TYPES = tuple(_SHAPES)
_GUIDE = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"
# By key, the values that a tag may have; none where any text will do.
REQUIRED: Mapping[str, list[str]] = {"Environment": [], "Project": [], "Owner": [], "CostCenter": []}
_CONTROLS = (
    *("DynamoDB.5", "SecretsManager.5", "Lambda.6", "CloudFront.14", "SNS.3", "SQS.2", "StepFunctions.2"),
    *("EventBridge.2", "Backup.3", "Backup.5", "IAM.23", "IAM.24", "IAM.25", "EC2.37", "EC2.39", "EC2.40", "EC2.41"),
    *("EC2.42", "EC2.43", "EC2.44", "EC2.46", "EC2.48", "RDS.30", "RDS.33", "ECS.13", "ECS.14", "ECS.15", "EKS.6"),
    *("AppRunner.1", "AppRunner.2", "ACM.3", "CloudTrail.9", "Route53.1", "SES.1", "SES.2", "GuardDuty.4", "EFS.5"),
)


@dataclass(frozen=True)
class Tag:
    """One tag: where its value is, and for Auto Scaling groups whether instances inherit it."""

    key: str
    value: Any
    path: str
    inherited: Any = None


def tags(view: View, path: str = "tags") -> list[Tag] | None:
    """Return a resource's tags in whichever shape, None where not all keys are known."""
    value = view.get(path)
    if isinstance(value, Mapping):
        return [Tag(str(key), item, f"{path}.{key}") for key, item in value.items()]
    if isinstance(value, list):
        rows = [(number, row) for number, row in enumerate(value) if row is not None]
        if any(row is UNKNOWN or (isinstance(row, Mapping) and row.get("key") is UNKNOWN) for _, row in rows):
            return None
        return [
            Tag(str(row.get("key")), row.get("value"), f"{path}.{number}.value", row.get("propagateAtLaunch"))
            for number, row in rows
            if isinstance(row, Mapping)
        ]
    return None if value is UNKNOWN else []


def remediated(view: View) -> Mapping[str, Any] | None:
    """Return the tags with those added that are missing and can have one value only; None where nothing is to do.

    A wrong value stays: somebody meant something by it.
    """
    found = tags(view)
    if found is None:
        return None
    taken = {tag.key for tag in found}
    allowed: Mapping[str, Sequence[str]] = view.parameters["tags"]
    missing = {key: values[0] for key, values in allowed.items() if key not in taken and len(values) == 1}
    if not missing:
        return None
    # As it was given: what the view shows has secrets in plain text.
    given = view.resource.get("tags")
    inner = given.value if isinstance(given, Secret) else given
    added: Any
    if _SHAPES[view.type] == "list":
        rows = inner if isinstance(inner, list) else [inner] if isinstance(inner, Mapping) else []
        added = [{"key": key, "value": value, "propagateAtLaunch": True} for key, value in missing.items()]
        added = [*rows, *added]
    else:
        added = {**(inner if isinstance(inner, Mapping) else {}), **missing}
    return {"tags": Secret(added) if isinstance(given, Secret) else added}


def _required(tag: Tag | None, path: str, key: str, values: Sequence[str]) -> Outcome:
    expected = " or ".join(values) or "a text"
    if tag is None:
        return fail(f"{path}.{key}", "not set", expected)
    if tag.value is UNKNOWN:
        return unknown(tag.path, expected)
    if isinstance(tag.value, str) and tag.value.strip() and (not values or tag.value in values):
        return PASS
    # The values of one environment in another are the usual mistake, and no secret.
    return fail(tag.path, shown(tag.value, ("dev", "test", "staging", "prod")), expected)


@rule(
    "TG-001",
    "resource-has-required-tags",
    pack="tagging",
    types=TYPES,
    severity="low",
    rationale="Nobody can tell whose an untagged resource is, what it is for, or who pays for it.",
    url=_GUIDE,
    remediation="Give components.tags.tagged to change_everything before the first resource, or name the tag in tags.",
    controls=_CONTROLS,
    criteria=("TRADING-23.1",),
    parameters={"tags": REQUIRED},
    remediate=remediated,
)
def required(view: View) -> Outcome:
    found = tags(view)
    allowed: Mapping[str, Sequence[str]] = view.parameters["tags"]
    if found is None:
        return unknown("tags", f"the tags {', '.join(allowed)}")
    by_key = {tag.key: tag for tag in found}
    return all_of(_required(by_key.get(key), "tags", key, values) for key, values in allowed.items())


@rule(
    "TG-002",
    "tag-key-has-one-spelling",
    pack="tagging",
    types=TYPES,
    severity="low",
    rationale="Keys have a case: reports and budgets by Owner leave out what says owner.",
    url="https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html",
    remediation="Use the key as the other resources write it, and only that one.",
    criteria=("TRADING-23.1", "TRADING-23.2"),
    parameters={"keys": list(REQUIRED)},
)
def one_spelling(view: View) -> Outcome:
    found = tags(view)
    if found == []:
        return NOT_APPLICABLE
    if found is None:
        return unknown("tags", "keys in one spelling")
    wanted = {key.casefold(): key for key in view.parameters["keys"]}
    times = Counter(tag.key.casefold() for tag in found)
    outcomes: list[Outcome] = [PASS]
    for tag in found:
        folded = tag.key.casefold()
        # Of two spellings the one that is asked for stays.
        first = wanted.get(folded) or next(other.key for other in found if other.key.casefold() == folded)
        if tag.key != first:
            twice = "a second spelling of a key" if times[folded] > 1 else "another spelling of a key"
            outcomes.append(fail(tag.path, twice, first if folded in wanted else "one spelling"))
    return all_of(outcomes)


_GROUP = "aws:autoscaling/group:Group"


@rule(
    "TG-003",
    "auto-scaling-group-hands-tags-on",
    pack="tagging",
    types=(_GROUP,),
    severity="low",
    rationale="The instances cost the money, and they carry only those tags that their group hands on.",
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
    remediation='Set "propagate_at_launch": True in each of the tags.',
    criteria=("TRADING-23.1",),
    parameters={"keys": list(REQUIRED)},
)
def handed_on(view: View) -> Outcome:
    found = tags(view)
    if found is None:
        return unknown("tags", "propagateAtLaunch true")
    outcomes: list[Outcome] = []
    for tag in found:
        path = f"{tag.path.rpartition('.')[0]}.propagateAtLaunch"
        if tag.key not in view.parameters["keys"] or not tag.path.endswith(".value"):
            continue
        if tag.inherited is UNKNOWN:
            outcomes.append(unknown(path, "true"))
        else:
            outcomes.append(PASS if is_true(tag.inherited) else fail(path, kind_of(tag.inherited), "true"))
    return all_of(outcomes)


_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_STARTED = ("instance", "volume")


def _of_kind(view: View, kind: str) -> Iterator[tuple[str, list[Tag] | None]]:
    for number, row in enumerate(view.items("tagSpecifications") or []):
        if isinstance(row, Mapping) and str(row.get("resourceType")).lower() == kind:
            path = f"tagSpecifications.{number}.tags"
            yield path, tags(view, path)


@rule(
    "TG-004",
    "launch-template-tags-what-it-starts",
    pack="tagging",
    types=(_TEMPLATE,),
    severity="low",
    rationale="The tags of a launch template are its own: instances and volumes get those of its specifications.",
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html",
    remediation="Add tag_specifications for the resource types instance and volume with the required tags.",
    criteria=("TRADING-23.1",),
    parameters={"tags": REQUIRED},
)
def started(view: View) -> Outcome:
    rows = view.items("tagSpecifications")
    if rows is None or any(row is UNKNOWN for row in rows):
        return unknown("tagSpecifications", "tags for instance and volume")
    uncertain = any(isinstance(row, Mapping) and row.get("resourceType") is UNKNOWN for row in rows)
    outcomes: list[Outcome] = []
    for kind in _STARTED:
        found = list(_of_kind(view, kind))
        if not found and uncertain:
            outcomes.append(unknown("tagSpecifications", f"the required tags for {kind}"))
        elif not found:
            outcomes.append(fail("tagSpecifications", f"none for {kind}", "the required tags"))
        elif any(each is None for _, each in found):
            outcomes.append(unknown(found[0][0], "the required tags"))
        else:
            by_key = {tag.key: tag for _, each in found for tag in each or []}
            allowed: Mapping[str, Sequence[str]] = view.parameters["tags"]
            outcomes += [_required(by_key.get(key), found[0][0], key, values) for key, values in allowed.items()]
    return all_of(outcomes)
