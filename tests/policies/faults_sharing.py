"""Faults in the policies of resources: who may use buckets, queues, topics, keys, secrets, event buses, endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.graph import Resource
from tests.policies import faults_documents as documents
from tests.policies.faults import Bench, Fault, short
from tests.policies.faults_documents import ELSEWHERE, Statements

AREA = "resource policies"
# The property that holds each type's policy, and an action of its service.
HOLDERS = {
    "s3:BucketPolicy": ("policy", "s3:GetObject"),
    "sqs:QueuePolicy": ("policy", "sqs:ReceiveMessage"),
    "sns:TopicPolicy": ("policy", "sns:Subscribe"),
    "kms:Key": ("policy", "kms:Decrypt"),
    "secretsmanager:SecretPolicy": ("policy", "secretsmanager:GetSecretValue"),
    "cloudwatch:EventBusPolicy": ("policy", "events:PutEvents"),
    "ec2:VpcEndpoint": ("policy", "s3:GetObject"),
}
ENDPOINT = "vpc-endpoint-policy-limits-resources"
TLS = ("bucket-denies-without-tls", "queue-denies-without-tls", "topic-denies-without-tls")
PUBLIC = ("resource-policy-not-public", "vpc-endpoint-policy-limits-callers")
SHARED = ("resource-shared-with-trusted-accounts",)
READERS = ("secret-policy-names-readers", "secret-policy-names-writers", "secret-has-restrictive-policy")
KEY = ("kms-key-policy-limits-use", "kms-key-stays-manageable", "kms-key-policy-limits-grants")


def faults(bench: Bench) -> Iterator[Fault]:
    for holder in bench.of(*HOLDERS):
        path, action = HOLDERS[short(holder.type)]
        rows = documents.statements(holder, path)
        if not rows:
            continue
        for number, row in enumerate(rows):
            if row["Effect"] == "Deny":
                yield from _deny(bench, holder, rows, number)
            else:
                yield from _allow(bench, holder, rows, number)
        if short(holder.type) != "ec2:VpcEndpoint":
            yield from _added(bench, holder, rows, action)
        for what, text in {"no JSON": "{", "no statements": '{"Version": "2012-10-17"}'}.items():
            yield from _broken(bench, holder, what, text, "resource-policy-is-well-formed", ENDPOINT, *PUBLIC)


def _broken(bench: Bench, holder: Resource, what: str, text: str, *rules: str) -> Iterator[Fault]:
    path, _ = HOLDERS[short(holder.type)]
    at = bench.about(holder, "s3:Bucket", "sqs:Queue", "sns:Topic", "secretsmanager:Secret", "cloudwatch:EventBus")
    yield from bench.edit(AREA, what, holder, {path: text}, *rules, at=at)


def _allow(bench: Bench, holder: Resource, rows: Statements, number: int) -> Iterator[Fault]:
    row = rows[number]
    label = row.get("Sid", number)
    actions = documents.listed(row["Action"])
    service = actions[0].partition(":")[0]
    names = "resource-policy-names-actions"
    endpoint = short(holder.type) == "ec2:VpcEndpoint"
    if not endpoint:
        free = documents.replaced(rows, number, Principal="*", Condition=None)
        yield from _broken(bench, holder, f"{label}: anybody", free, *PUBLIC)
        for what, principal in {"any AWS principal": {"AWS": "*"}, "some, and any": {"AWS": ["*", ELSEWHERE]}}.items():
            text = documents.replaced(rows, number, Principal=principal, Condition=None)
            yield from _broken(bench, holder, f"{label}: {what}", text, *PUBLIC)
        text = documents.replaced(rows, number, Principal=None, NotPrincipal={"AWS": ELSEWHERE}, Condition=None)
        yield from _broken(bench, holder, f"{label}: anybody but", text, *PUBLIC)
        for what, principal in {
            "another account": f"arn:aws:iam::{ELSEWHERE}:root",
            "a user of another account": f"arn:aws:iam::{ELSEWHERE}:user/somebody",
        }.items():
            text = documents.replaced(rows, number, Principal={"AWS": principal})
            yield from _broken(bench, holder, f"{label}: {what}", text, *SHARED)
        text = documents.replaced(rows, number, Action=f"{service}:*")
        yield from _broken(bench, holder, f"{label}: every action of the service", text, names, *KEY)
        text = documents.replaced(rows, number, Action="*")
        yield from _broken(bench, holder, f"{label}: every action", text, names, *KEY)
        text = documents.replaced(rows, number, Action=None, NotAction=["s3:ListBucket"])
        yield from _broken(bench, holder, f"{label}: NotAction", text, names, *KEY)
    source = ("resource-policy-names-source-of-service", ENDPOINT, *KEY, *PUBLIC)
    ways = dict(documents.weakened(row))
    if short(holder.type) == "kms:Key":
        # A grant for a resource of a service is limited by that alone.
        ways = {what: left for what, left in ways.items() if "GrantIsFor" not in str(row) or "ViaService" not in what}
    if "Service" in row["Principal"]:
        ways["no conditions"] = None
    for what, left in ways.items():
        text = documents.replaced(rows, number, Condition=left)
        yield from _broken(bench, holder, f"{label}: {what}", text, *source)
    for operator, key, values in documents.conditions(row):
        if bench.account in str(values) and "Account" in key:
            other = documents.with_condition(
                row, operator, key, lambda c, o=operator, k=key: c.setdefault(o, {}).update({k: ELSEWHERE})
            )
            text = documents.replaced(rows, number, Condition=other)
            yield from _broken(bench, holder, f"{label}: {key} of another account", text, *SHARED, *source)


def _deny(bench: Bench, holder: Resource, rows: Statements, number: int) -> Iterator[Fault]:
    row = rows[number]
    label = row.get("Sid", number)
    tls = "SecureTransport" in str(row.get("Condition"))
    old = "TlsVersion" in str(row.get("Condition"))
    if old:
        return  # no control asks for more than a refusal of plain HTTP
    rules = TLS if tls else READERS if "secretsmanager" in str(row["Action"]) else ()
    if not rules:
        return  # who else may read a bucket is nobody's rule
    ways = {
        "Deny removed": documents.without(rows, number),
        "Deny turned into Allow": documents.replaced(rows, number, Effect="Allow"),
        "only of one role": documents.replaced(
            rows, number, Principal={"AWS": f"arn:aws:iam::{bench.account}:role/one"}
        ),
    }
    if tls:
        ways["the opposite"] = documents.replaced(rows, number, Condition={"Bool": {"aws:SecureTransport": "true"}})
        ways["of one action"] = documents.replaced(
            rows, number, Action=f"{documents.listed(row['Action'])[0][:4]}List*"
        )
        ways["of another resource"] = documents.replaced(rows, number, Resource="arn:aws:s3:::other/*")
        if len(documents.listed(row["Resource"])) == 2:
            ways["not of the objects"] = documents.replaced(rows, number, Resource=row["Resource"][:1])
            ways["not of the bucket"] = documents.replaced(rows, number, Resource=row["Resource"][1:])
        both = {**row["Condition"], "StringEquals": {"aws:PrincipalAccount": ELSEWHERE}}
        ways["only of another account"] = documents.replaced(rows, number, Condition=both)
    else:
        for operator, key, values in documents.conditions(row):
            for what, wide in {
                "everybody": "*",
                "every role": f"arn:aws:iam::{bench.account}:role/*",
                "another account": f"arn:aws:iam::{ELSEWHERE}:root",
            }.items():
                given = {operator.replace("Equals", "Like"): {key: [*documents.listed(values), wide]}}
                ways[f"not of {what}"] = documents.replaced(rows, number, Condition=given)
    for what, text in ways.items():
        yield from _broken(bench, holder, f"{label}: {what}", text, *rules, *PUBLIC)
    text = documents.replaced(rows, number, Condition=None)
    locks = (
        "resource-policy-locks-nobody-out",
        "secret-policy-names-readers",
        "secret-policy-names-writers",
        "kms-key-stays-manageable",
    )
    yield from _broken(bench, holder, f"{label}: of everything", text, *locks, *TLS)


def _added(bench: Bench, holder: Resource, rows: Statements, action: str) -> Iterator[Fault]:
    service = action.partition(":")[0]
    given = {"Action": action, "Resource": rows[0].get("Resource", "*")}
    for what, principal in {"anybody": "*", "any AWS principal": {"AWS": "*"}}.items():
        text = documents.added(rows, Principal=principal, **given)
        yield from _broken(bench, holder, f"{what} added", text, *PUBLIC)
        weak = {"StringLike": {"aws:PrincipalArn": "*"}}
        text = documents.added(rows, Principal=principal, Condition=weak, **given)
        yield from _broken(bench, holder, f"{what} with a condition that any meets added", text, *PUBLIC)
        weak = {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}
        text = documents.added(rows, Principal=principal, Condition=weak, **given)
        yield from _broken(bench, holder, f"{what} from any address added", text, *PUBLIC)
        weak = {"StringEquals": {"aws:UserAgent": "ours"}}
        text = documents.added(rows, Principal=principal, Condition=weak, **given)
        yield from _broken(bench, holder, f"{what} with a word that anybody can say added", text, *PUBLIC)
    for what, principal in {
        "another account": {"AWS": f"arn:aws:iam::{ELSEWHERE}:root"},
        "a number of another account": {"AWS": ELSEWHERE},
        "an organization": {"AWS": "*"},
    }.items():
        condition = {"StringEquals": {"aws:PrincipalOrgID": "o-other12345"}} if what == "an organization" else {}
        fields = {**given, "Condition": condition} if condition else given
        text = documents.added(rows, Principal=principal, **fields)
        yield from _broken(bench, holder, f"{what} added", text, *SHARED, *PUBLIC, *KEY)
    service_of = {"Service": "sns.amazonaws.com"}
    text = documents.added(rows, Principal=service_of, **given)
    yield from _broken(
        bench, holder, "a service without its source added", text, "resource-policy-names-source-of-service"
    )
    own = {"AWS": f"arn:aws:iam::{bench.account}:root"}
    text = documents.added(rows, Principal=own, Action=f"{service}:*", Resource="*")
    yield from _broken(
        bench, holder, "everything for its own account added", text, "resource-policy-names-actions", *KEY
    )
