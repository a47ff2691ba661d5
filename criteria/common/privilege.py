"""Least privilege: whether a function's permissions name their actions and their resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from criteria.common.lookups import FUNCTION, ROLE, ROLE_POLICY, Word, conditions, depends_by, statements, texts
from plumbline.verdicts import Finding, Subject

TRACES = frozenset(("xray:PutTelemetryRecords", "xray:PutTraceSegments"))
# What Lambda does under a function's role to attach it to a VPC (AWS: "Giving Lambda functions access to a VPC").
NETWORK_INTERFACES = frozenset(
    (
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    )
)
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# Families of calls that AWS's own key policies name with a star.
FAMILIES = frozenset(("kms:GenerateDataKey*", "kms:ReEncrypt*"))
# Calls that take no resource: AWS lets nobody scope them (Service Authorization Reference, and the guide above).
UNSCOPED = (
    TRACES
    | NETWORK_INTERFACES
    | {
        "cloudwatch:GetMetricData",
        "cloudwatch:PutMetricData",
        "secretsmanager:GetRandomPassword",
        "timestream:DescribeEndpoints",
    }
)


def minimal(subject: Subject) -> list[Finding]:
    """Judge that functions' roles allow named actions on named resources, by inline policies alone."""
    findings = []
    for function in subject.graph.of_type(FUNCTION):
        roles = depends_by(subject, function, "role", ROLE)
        if not roles:
            findings.append(Finding(function, "role", "fail"))
        for role in roles:
            # Everything is granted by the inline policies below, so that it can be seen here.
            findings += [
                Finding(role, name, "fail")
                for name in ("managedPolicyArns", "inlinePolicies")
                if role.get(name) is not None
            ]
        for policy in subject.graph.of_type(ROLE_POLICY, ATTACHMENT):
            if any(role.urn in policy.property_dependencies.get("role", ()) for role in roles):
                written = statements(policy, "policy") if policy.type == ROLE_POLICY else [{}]
                word: Word = "unknown" if written is None else "pass" if all(map(is_minimal, written)) else "fail"
                findings.append(Finding(policy, "policy", word))
    return findings


def is_minimal(statement: Mapping[str, Any]) -> bool:
    actions, resources = texts(statement.get("Action")), texts(statement.get("Resource"))
    if statement.get("Effect") != "Allow" or not actions or not resources:
        return statement.get("Effect") == "Deny"
    if any(":" not in action or ("*" in action and action not in FAMILIES) for action in actions):
        return False
    # "*" stands for a whole resource only where the call takes none.
    if "*" in resources:
        return set(actions) <= UNSCOPED
    by_alias = any(
        operator == "ForAnyValue:StringEquals" and name == "kms:resourcealiases" and values
        for operator, name, values in conditions(statement)
    )
    return all(_names_one(resource) or (by_alias and resource.endswith(":key/*")) for resource in resources)


def _names_one(resource: str) -> bool:
    """Say whether an ARN names a resource: a star may stand for what lies in it (objects, log streams), not for it."""
    parts = resource.split(":", 5)
    if len(parts) < 6 or any("*" in part for part in parts[:5]):
        return False
    steps = re.split("[:/]", parts[5])
    # Most ARNs have the type before the name; a bucket's begins with the name.
    name = steps[0] if parts[2] == "s3" or len(steps) == 1 else steps[1]
    return "*" not in name
