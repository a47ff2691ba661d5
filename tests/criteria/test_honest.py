"""A predicate that no change of the stack can fail would decide nothing: each is broken here at least once."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from conftest import ROOT, preview

from plumbline.commands import subject
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.project import Project
from plumbline.verdicts import Subject, judge, ledger, predicates

Change = Callable[[Subject], Subject]
TABLE = "aws:dynamodb/table:Table"
FUNCTION = "aws:lambda/function:Function"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def _with(old: Subject, resources: Mapping[str, Resource]) -> Subject:
    graph = StackGraph(old.graph.stack, old.graph.project, resources, old.graph.outputs)
    return dataclasses.replace(old, graph=graph)


def _edit(type_: str, name: str, change: Callable[[Resource], Resource | None]) -> Change:
    """Change, or remove, the resources of a type whose name ends as given."""

    def apply(old: Subject) -> Subject:
        hit = {r.urn: change(r) for r in old.graph.of_type(type_) if r.name.endswith(name)}
        assert hit, f"nothing to change: {type_} {name}"
        kept = {urn: hit.get(urn, resource) for urn, resource in old.graph.resources.items()}
        return _with(old, {urn: resource for urn, resource in kept.items() if resource is not None})

    return apply


def _set(type_: str, resource: str, **inputs: Any) -> Change:
    return _edit(type_, resource, lambda r: dataclasses.replace(r, inputs={**r.inputs, **inputs}))


def _drop(type_: str, name: str) -> Change:
    return _edit(type_, name, lambda r: None)


def _variables(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    def edit(function: Resource) -> Resource:
        variables = change(dict(function.inputs["environment"]["variables"]))
        return dataclasses.replace(function, inputs={**function.inputs, "environment": {"variables": variables}})

    return _edit(FUNCTION, name, edit)


def _policy(name: str, **statement: Any) -> Change:
    def edit(policy: Resource) -> Resource:
        document = json.loads(policy.inputs["policy"])
        document["Statement"][0].update(statement)
        return dataclasses.replace(policy, inputs={**policy.inputs, "policy": json.dumps(document)})

    return _edit(ROLE_POLICY, name, edit)


def _settings(**siblings: Mapping[str, Any] | None) -> Change:
    def apply(old: Subject) -> Subject:
        changed = {**old.siblings, **siblings}
        return dataclasses.replace(old, siblings={name: value for name, value in changed.items() if value is not None})

    return apply


def _share_role(old: Subject) -> Subject:
    """Let a function of one group run under the role of another's."""
    (donor,) = (r for r in old.graph.of_type(FUNCTION) if r.name == "functions-audit")
    needs = {"role": donor.property_dependencies["role"]}

    def edit(function: Resource) -> Resource:
        return dataclasses.replace(function, property_dependencies={**function.property_dependencies, **needs})

    return _edit(FUNCTION, "functions-strategies", edit)(old)


def _without_layer(function: Resource) -> Resource:
    needs = {key: urns for key, urns in function.property_dependencies.items() if key != "layers"}
    return dataclasses.replace(function, property_dependencies=needs)


def _first_index(table: Resource) -> Resource:
    return dataclasses.replace(
        table, inputs={**table.inputs, "globalSecondaryIndexes": table.inputs["globalSecondaryIndexes"][1:]}
    )


def _tags(resource: Resource) -> Resource:
    return dataclasses.replace(resource, inputs={**resource.inputs, "tags": {"Owner": "x"}})


def _orphan(resource: Resource) -> Resource:
    return dataclasses.replace(resource, parent="")


def _nothing(old: Subject) -> Subject:
    return _with(old, {})


TRUST_ALL = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]})
OTHER_TABLE = ["arn:aws:dynamodb:us-east-1:1:table/prod-a", "arn:aws:dynamodb:us-east-1:1:table/prod-b"]

BROKEN: list[tuple[str, str, str, Change]] = [
    ("00.4", "prod", "nothing is provisioned", _nothing),
    ("00.5", "prod", "no test stack", _settings(test=None)),
    ("00.5", "prod", "a third stack", _settings(dev={})),
    ("01.1", "prod", "a table outside of components", _edit(TABLE, "-streams", _orphan)),
    ("01.2", "test", "no production stack", _settings(prod=None)),
    ("01.4", "prod", "a stack with another's settings", _settings(test={"environment": "prod"})),
    ("01.5", "prod", "no test stack", _settings(test=None)),
    ("01.6", "prod", "a foreign tag", _set(TABLE, "-streams", tags={"Environment": "test"})),
    ("03.1", "prod", "a table is missing", _drop(TABLE, "-streams")),
    ("03.2a", "prod", "another partition key", _set(TABLE, "-streams", hashKey="streamId")),
    ("03.2a", "prod", "another type", _set(TABLE, "-streams", attributes=[{"name": "tenantId", "type": "N"}])),
    ("03.2b", "prod", "no sort key", _set(TABLE, "-streams", rangeKey=None)),
    ("03.2b", "prod", "a sort key too many", _set(TABLE, "-user-profiles", rangeKey="email")),
    ("03.3", "prod", "an index is missing", _edit(TABLE, "-streams", _first_index)),
    ("03.4", "prod", "no recovery", _set(TABLE, "-streams", pointInTimeRecovery={"enabled": False})),
    ("03.5", "prod", "no encryption", _set(TABLE, "-streams", serverSideEncryption=None)),
    ("03.6", "test", "provisioned", _set(TABLE, "-streams", billingMode="PROVISIONED")),
    ("03.7a", "prod", "on demand", _set(TABLE, "-streams", billingMode="PAY_PER_REQUEST")),
    ("03.7b", "prod", "no policy", _drop("aws:appautoscaling/policy:Policy", "tables-streams-read-policy")),
    ("03.7b", "prod", "no target", _drop("aws:appautoscaling/target:Target", "status-index-write-target")),
    ("03.8", "prod", "another attribute", _set(TABLE, "-risk-events", ttl={"enabled": True, "attributeName": "x"})),
    ("03.8", "prod", "switched off", _set(TABLE, "-risk-events", ttl={"enabled": False, "attributeName": "expiresAt"})),
    ("03.9", "prod", "no prefix", _set(TABLE, "-streams", name="streams")),
    ("06.1", "prod", "a function is missing", _drop(FUNCTION, "functions-audit")),
    ("06.2", "prod", "too little memory", _set(FUNCTION, "functions-audit", memorySize=256)),
    ("06.3a", "prod", "too short", _set(FUNCTION, "functions-audit", timeout=29)),
    ("06.3b", "prod", "the default", _set(FUNCTION, "functions-retention", timeout=None)),
    ("06.5a", "prod", "no table name", _variables("functions-templates", lambda v: {"DYNAMODB_ENDPOINT": "x"})),
    ("06.5b", "prod", "no endpoint", _variables("functions-audit", lambda v: {**v, "DYNAMODB_ENDPOINT": ""})),
    ("06.5b", "prod", "another region", _variables("functions-audit", lambda v: {"X_ENDPOINT": "https://x.eu-west-1.a"})),
    ("06.6", "prod", "a wildcard action", _policy("strategies-table-strategies", Action="dynamodb:*")),
    ("06.6", "prod", "every resource", _policy("strategies-table-strategies", Resource="*")),
    ("06.7", "prod", "not traced", _set(FUNCTION, "functions-audit", tracingConfig={"mode": "PassThrough"})),
    ("06.8a", "prod", "nothing reserved", _set(FUNCTION, "-kill-switch", reservedConcurrentExecutions=None)),
    ("06.8b", "prod", "too few reserved", _set(FUNCTION, "-circuit-breakers", reservedConcurrentExecutions=1)),
    (
        "06.9",
        "prod",
        "none provisioned",
        _drop("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", "-kill-switch-provisioned"),
    ),
    ("06.10", "prod", "no layer", _edit(FUNCTION, "functions-audit", _without_layer)),
    ("14.6a", "test", "kept too long", _set(LOG_GROUP, "functions-audit-log", retentionInDays=90)),
    ("14.6b", "prod", "kept for ever", _set(LOG_GROUP, "functions-audit-log", retentionInDays=0)),
    ("16.1", "prod", "a role of two groups", _share_role),
    ("16.4", "prod", "two tables in one policy", _policy("strategies-table-strategies", Resource=OTHER_TABLE)),
    ("16.8", "prod", "anybody", _set("aws:iam/role:Role", "roles-audit", assumeRolePolicy=TRUST_ALL)),
    ("20.2", "prod", "as long in test", _settings(test={"functions": {"log_retention_days": 90}})),
    ("20.2", "prod", "a log that follows no setting", _set(LOG_GROUP, "functions-audit-log", retentionInDays=30)),
    ("20.3", "prod", "as much in test", _settings(test={"functions": {"provisioned_concurrency": 5}})),
    ("20.3", "prod", "a table that follows no setting", _set(TABLE, "-streams", readCapacity=1)),
    ("20.6", "prod", "no test stack", _settings(test=None)),
    ("23.1", "prod", "tags are missing", _edit("aws:sqs/queue:Queue", "functions-retention-dead-letters", _tags)),
]  # fmt: skip


def _word(id_: str, given: Subject) -> str:
    asked = [entry for entry in ledger(ROOT, "trading") if entry.id == id_]
    return judge(asked, given)[id_].word


@pytest.mark.parametrize(
    ("number", "stack", "change"),
    [(number, stack, change) for number, stack, _, change in BROKEN],
    ids=[f"{number} {what}" for number, _, what, _ in BROKEN],
)
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    whole = subject(Project(ROOT), stack, preview(stack).graph)
    assert _word(f"TRADING-{number}", whole) in ("pass", "deviation")
    assert _word(f"TRADING-{number}", change(whole)) == "fail"


def test_every_predicate_is_broken_at_least_once() -> None:
    ledger(ROOT, "trading")
    assert {f"TRADING-{number}" for number, *_ in BROKEN} == {i for i in predicates() if i.startswith("TRADING-")}


@pytest.mark.parametrize(
    ("number", "type_", "property_"),
    [
        ("03.4", TABLE, "pointInTimeRecovery"),
        ("03.9", TABLE, "name"),
        ("06.2", FUNCTION, "memorySize"),
        ("06.6", ROLE_POLICY, "policy"),
        ("16.4", ROLE_POLICY, "policy"),
        ("16.8", "aws:iam/role:Role", "assumeRolePolicy"),
    ],
)
def test_what_is_not_known_yet_is_unknown(number: str, type_: str, property_: str) -> None:
    whole = subject(Project(ROOT), "prod", preview("prod").graph)
    last = whole.graph.of_type(type_)[-1].name
    assert _word(f"TRADING-{number}", _set(type_, last, **{property_: UNKNOWN})(whole)) == "unknown"


def test_a_customer_key_is_a_stated_deviation() -> None:
    whole = subject(Project(ROOT), "prod", preview("prod").graph)
    key = {"enabled": True, "kmsKeyArn": "arn:aws:kms:us-east-1:222222222222:key/x"}
    verdict = judge(ledger(ROOT, "trading"), _set(TABLE, "-streams", serverSideEncryption=key)(whole))["TRADING-03.5"]
    assert (verdict.word, verdict.decision) == ("deviation", 4)


def _statement(**changes: Any) -> str:
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::bucket/key"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed | changes]})


def _attachment(old: Subject) -> Subject:
    """Attach the administrator's policy to a role of a function."""
    (role,) = (r for r in old.graph.of_type("aws:iam/role:Role") if r.name == "roles-audit")
    type_ = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    attachment = Resource(
        urn=f"urn:pulumi:prod::plumbline::{type_}::admin",
        type=type_,
        name="admin",
        inputs={"role": UNKNOWN, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        property_dependencies={"role": (role.urn,)},
    )
    return _with(old, {**old.graph.resources, attachment.urn: attachment})


EVASIONS: list[tuple[str, str, Change]] = [
    ("06.6", "every bucket", _set(ROLE_POLICY, "strategies-table-strategies", policy=_statement(Resource="arn:*"))),
    (
        "06.6",
        "a wildcard's name",
        _set(ROLE_POLICY, "strategies-table-strategies", policy=_statement(Action="s3:Get*")),
    ),
    ("06.6", "an attached policy", _attachment),
    (
        "16.4",
        "any action",
        _set(ROLE_POLICY, "strategies-table-strategies", policy=_statement(Action="*", Resource=OTHER_TABLE)),
    ),
    (
        "16.4",
        "another case",
        _set(
            ROLE_POLICY,
            "strategies-table-strategies",
            policy=_statement(Action="DynamoDB:GetItem", Resource=OTHER_TABLE),
        ),
    ),
]


@pytest.mark.parametrize(
    ("number", "change"), [(n, c) for n, _, c in EVASIONS], ids=[f"{n} {w}" for n, w, _ in EVASIONS]
)
def test_a_way_around_a_criterion_fails_it(number: str, change: Change) -> None:
    whole = subject(Project(ROOT), "prod", preview("prod").graph)
    assert _word(f"TRADING-{number}", change(whole)) == "fail"


UNKNOWNS: list[tuple[str, str, dict[str, Any]]] = [
    ("03.2a", TABLE, {"attributes": UNKNOWN}),
    ("03.2a", TABLE, {"attributes": [{"name": "tenantId", "type": UNKNOWN}]}),
    ("03.3", TABLE, {"globalSecondaryIndexes": [{"name": "status-index", "keySchemas": UNKNOWN}]}),
    ("03.3", TABLE, {"globalSecondaryIndexes": [UNKNOWN]}),
    ("03.7b", TABLE, {"globalSecondaryIndexes": UNKNOWN}),
    ("06.5a", FUNCTION, {"environment": {"variables": {"TABLE": UNKNOWN}}}),
    ("06.5b", FUNCTION, {"environment": {"variables": {"DYNAMODB_ENDPOINT": UNKNOWN}}}),
]


@pytest.mark.parametrize(("number", "type_", "inputs"), UNKNOWNS, ids=[f"{n} {next(iter(i))}" for n, _, i in UNKNOWNS])
def test_what_is_unknown_below_a_property_is_unknown(number: str, type_: str, inputs: dict[str, Any]) -> None:
    whole = subject(Project(ROOT), "prod", preview("prod").graph)
    name = "-streams" if type_ == TABLE else "functions-audit"
    assert _word(f"TRADING-{number}", _set(type_, name, **inputs)(whole)) == "unknown"


BROKEN_POLICIES = ["no JSON", "{}", "[1]", '{"Statement": [3]}', _statement(Action="s3")]


@pytest.mark.parametrize("policy", BROKEN_POLICIES)
def test_a_policy_that_is_none_is_no_pass_and_no_crash(policy: str) -> None:
    whole = subject(Project(ROOT), "prod", preview("prod").graph)
    changed = _set(ROLE_POLICY, "strategies-table-strategies", policy=policy)(whole)
    assert _word("TRADING-06.6", changed) == "fail"


def test_a_sibling_with_another_environment_is_no_crash() -> None:
    whole = subject(Project(ROOT), "prod", preview("prod").graph)
    assert _word("TRADING-20.2", _settings(test=None, staging={})(whole)) == "fail"
