"""Each way in which permissions can differ from the declared ones is found, and told with its statement."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from tests.plumbline.permissions.estates import (
    ACCOUNT,
    Statements,
    changed,
    declared,
    found,
    made,
    policy,
    proof,
    rewritten,
    trading,
    with_,
    without,
)

ROLE = "role test-audit-ai-traces"
TABLE_POLICY = "roles-ai-traces-table-model-configurations"
TABLE = "table test-model-configurations"
INDEX = f"{TABLE} index providerId-index"
READER = "role test-ai-intelligence-analysis"
STRANGER = "account 999999999999"
AT = f"RolePolicy {TABLE_POLICY}, statement"


def test_action_added_to_a_statement_is_extra_on_what_the_statement_names() -> None:
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[0]["Action"].append("dynamodb:Scan"))
    result = proof(graph, ROLE)
    assert found(result) == [("extra", ROLE, TABLE, ("dynamodb:Scan",))]
    assert result.findings[0].reasons == (f"{AT} 0 (ReadTable)",)
    assert result.findings[0].message == "allowed, and not declared"
    assert result.findings[0].urn.endswith("::roles-ai-traces")


def test_action_taken_from_a_statement_is_missing() -> None:
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[0]["Action"].remove("dynamodb:GetItem"))
    result = proof(graph, ROLE)
    assert found(result) == [("missing", ROLE, TABLE, ("dynamodb:GetItem",))]
    assert result.findings[0].message == "read: implicit deny: in every context"
    assert result.findings[0].reasons == ("no identity policy allows it",)


def test_wildcard_in_an_action_is_extra_for_every_action_that_it_adds() -> None:
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[1].update(Action="dynamodb:*"))
    added = ("DescribeContributorInsights", "PartiQLSelect", "Scan", "UpdateContributorInsights")
    assert found(proof(graph, ROLE)) == [("extra", ROLE, INDEX, tuple(f"dynamodb:{name}" for name in added))]


def test_wildcard_in_a_resource_is_extra_on_other_resources_and_on_those_outside_of_the_stack() -> None:
    wide = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/test-model-*"
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[0].update(Resource=wide))
    read = ("dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query")
    differences = {(on, actions) for _, _, on, actions in found(proof(graph, ROLE))}
    assert (wide, read) in differences
    # The role is declared to read both tables of the stack that the pattern covers, and may query their indexes.
    assert {on for on, _ in differences} == {wide, f"{wide}/index/*"}


def test_star_as_resource_is_extra_on_every_table_of_the_stack() -> None:
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[0].update(Resource="*"))
    tables = {on for _, _, on, _ in found(proof(graph, ROLE)) if on.startswith("table ") and " index " not in on}
    own = {f"table {table.get('name')}" for table in trading().of_type("aws:dynamodb/table:Table")}
    meant = {TABLE, "table test-model-performance", "table test-performance-predictions"}
    assert tables == own - meant


def test_not_action_is_extra_for_all_other_actions_on_the_resource() -> None:
    def widen(rows: Statements) -> None:
        rows[0] = {"Effect": "Allow", "NotAction": ["dynamodb:PutItem", "s3:*"], "Resource": rows[0]["Resource"]}

    result = proof(rewritten(trading(), TABLE_POLICY, widen), ROLE)
    ((kind, _, on, actions),) = found(result)
    assert (kind, on) == ("extra", TABLE)
    assert {"dynamodb:DeleteTable", "dynamodb:Scan", "dynamodb:UpdateItem"} <= set(actions)
    assert "dynamodb:PutItem" not in actions
    assert "dynamodb:GetItem" not in actions
    assert result.findings[0].reasons == (f"{AT} 0",)


def test_not_resource_is_extra_on_everything_else() -> None:
    def widen(rows: Statements) -> None:
        rows[0] = {"Effect": "Allow", "Action": "dynamodb:GetItem", "NotResource": rows[0]["Resource"]}

    differences = found(proof(rewritten(trading(), TABLE_POLICY, widen), ROLE))
    extra = {on for kind, _, on, _ in differences if kind == "extra"}
    assert "table test-strategies" in extra
    assert f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/*" in extra
    assert {(kind, on) for kind, _, on, _ in differences if kind == "missing"} == {("missing", TABLE)}


def test_explicit_deny_is_missing_with_the_statement_that_denies() -> None:
    deny = {"Sid": "Never", "Effect": "Deny", "Action": "dynamodb:Get*", "Resource": "*"}
    result = proof(rewritten(trading(), TABLE_POLICY, lambda rows: rows.append(deny)), ROLE)
    assert {one.message for one in result.findings} == {"read: explicit deny: in every context"}
    assert {one.reasons for one in result.findings} == {(f"{AT} 2 (Never)",)}
    assert (("missing", ROLE, TABLE, ("dynamodb:GetItem",))) in found(result)


def test_deny_on_a_part_of_a_bucket_takes_from_what_is_declared_on_all_of_it() -> None:
    bucket = f"test-model-outputs-{ACCOUNT}"
    deny = {"Sid": "No", "Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/private/*"}
    graph = rewritten(trading(), "roles-ai-traces-bucket-model-outputs", lambda rows: rows.append(deny))
    assert found(proof(graph, ROLE)) == [("missing", ROLE, f"bucket {bucket}/private/*", ("s3:GetObject",))]


def test_boundary_of_the_stack_takes_away_what_it_does_not_allow() -> None:
    everything_but_logs = {"Effect": "Allow", "NotAction": "logs:*", "Resource": "*"}
    boundary = made("aws:iam/policy:Policy", "limit", name="test-limit", policy=policy(everything_but_logs))
    arn = f"arn:aws:iam::{ACCOUNT}:policy/test-limit"
    result = proof(with_(changed(trading(), "roles-ai-traces", permissionsBoundary=arn), boundary), ROLE)
    log = "log group /aws/lambda/test-ai-traces"
    assert found(result) == [("missing", ROLE, log, ("logs:CreateLogStream", "logs:PutLogEvents"))]
    assert result.findings[0].reasons == ("no boundary policy allows it",)


def test_boundary_whose_document_is_not_here_leaves_everything_unknown() -> None:
    arn = "arn:aws:iam::aws:policy/PowerUserAccess"
    result = proof(changed(trading(), "roles-ai-traces", permissionsBoundary=arn), ROLE)
    assert {one.kind for one in result.findings} == {"unknown"}
    assert "the document of its permissions boundary is not here" in result.findings[-1].message
    assert result.status == 1


@pytest.mark.parametrize(
    ("statement", "condition", "message"),
    [
        (1, "StringEquals", "kms:ViaService: none"),
        (1, "ForAnyValue:StringEquals", ""),
    ],
    ids=["service through which a key is used", "alias of the key"],
)
def test_condition_dropped_is_extra_in_the_requests_that_it_refused(
    statement: int, condition: str, message: str
) -> None:
    name = "roles-analysis-secret-gemini-api-key"
    graph = rewritten(trading(), name, lambda rows: rows[statement]["Condition"].pop(condition))
    # The key's own policy asks for the service as well; without its condition the role's counts alone.
    graph = rewritten(graph, "keys-secrets", lambda rows: rows[1].pop("Condition"))
    result = proof(graph, READER)
    assert {one.kind for one in result.findings} == {"extra"}
    assert any("kms:Decrypt" in one.actions and message in one.message for one in result.findings)


def test_service_of_a_key_is_asked_for_by_the_keys_policy_too() -> None:
    name = "roles-analysis-secret-gemini-api-key"
    graph = rewritten(trading(), name, lambda rows: rows[1]["Condition"].pop("StringEquals"))
    # Only what every account's principals may see without using the key is no longer refused.
    assert found(proof(graph, READER)) == [("extra", READER, "key test-secrets", ("kms:DescribeKey",))]


def test_condition_added_is_missing_where_a_declared_use_does_not_meet_it() -> None:
    inside = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    result = proof(rewritten(trading(), TABLE_POLICY, lambda rows: rows[1].update(Condition=inside)), ROLE)
    assert found(result) == [("missing", ROLE, INDEX, ("dynamodb:Query",))]
    assert result.findings[0].message == "read: implicit deny: aws:SourceVpc: none"


def test_key_policy_without_its_statement_for_services_leaves_no_use_of_the_key() -> None:
    result = proof(rewritten(trading(), "keys-secrets", lambda rows: rows.pop(1)), READER)
    assert found(result) == [("missing", READER, "key test-secrets", ("kms:Decrypt",))]
    assert result.findings[0].reasons == ("no resource policy allows it",)


def test_secret_that_refuses_a_role_is_missing_with_the_statement_that_refuses() -> None:
    def forget(rows: Statements) -> None:
        rows[0]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].pop(1)

    result = proof(rewritten(trading(), "secrets-gemini-api-key-policy", forget), READER)
    assert found(result) == [("missing", READER, "secret test-gemini-api-key", ("secretsmanager:GetSecretValue",))]
    assert result.findings[0].reasons == (
        "SecretPolicy secrets-gemini-api-key-policy, statement 0 (OnlyNamedRolesRead)",
    )


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": "999999999999"}, {STRANGER}),
        ({"AWS": "arn:aws:iam::999999999999:root"}, {STRANGER}),
        ({"AWS": "arn:aws:iam::999999999999:role/x"}, {"principal arn:aws:iam::999999999999:role/x"}),
        ({"AWS": "arn:aws:iam::999999999999:user/x"}, {"principal arn:aws:iam::999999999999:user/x"}),
        ({"Service": "glue.amazonaws.com"}, {"service glue.amazonaws.com"}),
        ({"Federated": "cognito-identity.amazonaws.com"}, {"provider cognito-identity.amazonaws.com"}),
        ("*", {"anonymous", "another account"}),
    ],
    ids=["account", "root", "role", "user", "service", "provider", "everybody"],
)
def test_principal_added_to_a_resources_policy_is_extra(principal: Any, expected: set[str]) -> None:
    bucket = f"test-audit-logs-{ACCOUNT}"
    row = {
        "Sid": "Open",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    graph = rewritten(trading(), "buckets-audit-logs-policy", lambda rows: rows.append(row))
    result = proof(graph, *expected)
    assert {(kind, to, on, actions) for kind, to, on, actions in found(result)} == {
        ("extra", to, f"bucket {bucket}", ("s3:GetObject",)) for to in expected
    }
    assert {one.reasons[-1] for one in result.findings} == {
        "BucketPolicy buckets-audit-logs-policy, statement 2 (Open)"
    }


def test_not_principal_in_an_allow_lets_everybody_else_in() -> None:
    row = {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": "999999999999"},
        "Action": "sqs:SendMessage",
        "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:test-quality-dead-letters",
    }
    graph = rewritten(trading(), "functions-quality-dead-letters-policy", lambda rows: rows.append(row))
    differences = found(proof(graph, "anonymous", "another account", ROLE))
    assert {to for _, to, _, _ in differences} == {"anonymous", "another account", ROLE}
    assert {(on, actions) for _, _, on, actions in differences} == {
        ("queue test-quality-dead-letters", ("sqs:SendMessage",))
    }


def test_condition_dropped_from_a_services_statement_is_extra() -> None:
    graph = rewritten(trading(), "topics-cost-alerts-policy", lambda rows: rows[0].pop("Condition"))
    result = proof(graph, "service budgets.amazonaws.com")
    assert found(result) == [("extra", "service budgets.amazonaws.com", "topic test-cost-alerts", ("sns:Publish",))]
    assert result.findings[0].message == (
        "allowed beyond what is declared: aws:SecureTransport: true, aws:SourceAccount: none, aws:SourceArn: none"
    )


def test_permission_of_a_function_without_its_source_is_extra() -> None:
    (one,) = (one for one in trading() if one.name == "rules-data-quality-permission")
    inputs = {key: value for key, value in one.inputs.items() if key != "sourceArn"}
    result = proof(with_(trading(), dataclasses.replace(one, inputs=inputs)), "service events.amazonaws.com")
    assert found(result) == [
        ("extra", "service events.amazonaws.com", "function test-quality:live", ("lambda:InvokeFunction",))
    ]
    assert result.findings[0].reasons == ("Permission rules-data-quality-permission, statement 0 (Permission)",)


def test_function_that_a_rule_may_not_call_is_missing() -> None:
    result = proof(without(trading(), "rules-data-quality-permission"), "service events.amazonaws.com")
    assert found(result) == [
        ("missing", "service events.amazonaws.com", "function test-quality:live", ("lambda:InvokeFunction",))
    ]


def test_trust_policy_that_lets_another_account_in_is_extra() -> None:
    row = {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "sts:AssumeRole"}
    graph = rewritten(trading(), "roles-ai-traces", lambda rows: rows.append(row), "assumeRolePolicy")
    result = proof(graph, STRANGER)
    assert found(result) == [("extra", STRANGER, ROLE, ("sts:AssumeRole",))]
    assert result.findings[0].reasons[-1] == "Role roles-ai-traces, statement 1"


def test_trust_policy_of_another_service_is_missing_for_the_one_and_extra_for_the_other() -> None:
    def other_service(rows: Statements) -> None:
        rows[0]["Principal"] = {"Service": "ecs-tasks.amazonaws.com"}

    graph = rewritten(trading(), "roles-ai-traces", other_service, "assumeRolePolicy")
    assert sorted(found(proof(graph, "service lambda.amazonaws.com", "service ecs-tasks.amazonaws.com"))) == [
        ("extra", "service ecs-tasks.amazonaws.com", ROLE, ("sts:AssumeRole",)),
        ("missing", "service lambda.amazonaws.com", ROLE, ("sts:AssumeRole",)),
    ]


def test_attached_policy_that_aws_keeps_is_extra_unless_it_is_declared() -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    attachment = made(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "all", role="test-audit-ai-traces", policyArn=arn
    )
    result = proof(with_(trading(), attachment), ROLE)
    assert found(result) == [("extra", ROLE, f"policy {arn}", ())]
    assert result.findings[0].reasons == ("RolePolicyAttachment all",)


def test_policies_that_a_role_names_itself_are_its_own_too() -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    row = {
        "Effect": "Allow",
        "Action": "dynamodb:DeleteTable",
        "Resource": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/test-streams",
    }
    inline = [{"name": "more", "policy": policy(row)}]
    graph = changed(trading(), "roles-ai-traces", managedPolicyArns=[arn], inlinePolicies=inline)
    assert found(proof(graph, ROLE)) == [
        ("extra", ROLE, f"policy {arn}", ()),
        ("extra", ROLE, "table test-streams", ("dynamodb:DeleteTable",)),
    ]


def test_declared_policy_that_is_not_attached_is_missing() -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    result = proof(without(trading(), "backups-backup"), "role test-backup")
    assert found(result) == [("missing", "role test-backup", f"policy {arn}", ())]


def test_attached_policy_of_the_stack_counts_as_the_roles_own() -> None:
    row = {"Effect": "Allow", "Action": "sns:Publish", "Resource": f"arn:aws:sns:us-east-1:{ACCOUNT}:test-risk-events"}
    managed = made("aws:iam/policy:Policy", "publish", name="test-publish", policy=policy(row))
    attachment = dataclasses.replace(
        made(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "more", role="test-audit-ai-traces", policyArn=UNKNOWN
        ),
        property_dependencies={"policyArn": (managed.urn,)},
    )
    result = proof(with_(trading(), managed, attachment), ROLE)
    assert found(result) == [("extra", ROLE, "topic test-risk-events", ("sns:Publish",))]
    assert result.findings[0].reasons == ("Policy publish, statement 0",)


def test_role_without_declared_permissions_is_extra_in_all_that_it_may() -> None:
    trust = policy({"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"})
    role = made("aws:iam/role:Role", "new", name="test-new", assumeRolePolicy=trust)
    row = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::test-audit-logs-{ACCOUNT}/*"}
    inline = made("aws:iam/rolePolicy:RolePolicy", "new-policy", role="test-new", policy=policy(row))
    result = proof(with_(trading(), role, inline), "role test-new", "service glue.amazonaws.com")
    assert found(result) == [
        ("extra", "role test-new", f"bucket test-audit-logs-{ACCOUNT}", ("s3:GetObject",)),
        ("extra", "service glue.amazonaws.com", "role test-new", ("sts:AssumeRole",)),
    ]


def test_declared_permission_on_what_the_stack_has_not_is_missing() -> None:
    result = proof(without(trading(), "tables-model-configurations"), ROLE)
    missing = [one for one in result.findings if one.kind == "missing"]
    assert [(one.on, one.message) for one in missing] == [(TABLE, f"read: the stack has no {TABLE}")]


def test_declared_role_that_the_stack_has_not_is_missing() -> None:
    rows = [{"to": "role test-nobody", "on": TABLE, "may": "read"}]
    result = proof(trading(), "role test-nobody", rows=rows)
    assert [(one.kind, one.to, one.on, one.message) for one in result.findings] == [
        ("missing", "role test-nobody", TABLE, "the stack has no role test-nobody")
    ]


def test_somebody_declared_whom_no_policy_lets_in_is_missing() -> None:
    rows = [{"to": "service glue.amazonaws.com", "on": "topic test-cost-alerts", "may": "publish"}]
    result = proof(trading(), "service glue.amazonaws.com", rows=rows)
    assert found(result) == [("missing", "service glue.amazonaws.com", "topic test-cost-alerts", ("sns:Publish",))]


def test_condition_of_a_grant_that_no_request_meets_is_missing() -> None:
    rows = [
        {"to": ROLE, "on": TABLE, "may": "read", "when": {"StringEquals": {"aws:ResourceTag/Environment": "other"}}},
    ]
    result = proof(trading(), ROLE, rows=rows)
    assert ("missing", ROLE, TABLE) in [(kind, to, on) for kind, to, on, _ in found(result)]


def test_policy_that_is_not_known_yet_is_unknown_and_no_reason_to_pass() -> None:
    result = proof(changed(trading(), TABLE_POLICY, policy=UNKNOWN), ROLE)
    unknown = [one.message for one in result.findings if one.kind == "unknown"]
    assert unknown == [f"aws:iam/rolePolicy:RolePolicy {TABLE_POLICY}: its policy is not known yet"]
    assert result.status == 1


def test_policy_that_is_none_is_unknown_with_what_is_wrong() -> None:
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[0].update(Efect="Allow"))
    unknown = [one.message for one in proof(graph, ROLE).findings if one.kind == "unknown"]
    assert unknown == [f"RolePolicy {TABLE_POLICY}: Statement[0]: 'Efect' given (did you mean Effect?)"]


def test_action_that_aws_does_not_have_is_unknown() -> None:
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[0]["Action"].append("dynamodb:ReadItem"))
    result = proof(graph, ROLE)
    assert found(result) == [("unknown", ROLE, "", ("dynamodb:ReadItem",))]
    assert result.findings[0].reasons == (f"RolePolicy {TABLE_POLICY}",)


def test_value_that_a_grant_names_has_to_be_accepted_each() -> None:
    rows = [row for row in declared("test") if row["to"] == "service delivery.logs.amazonaws.com"]
    wider = [
        {**row, "when": {"StringEquals": {"aws:SourceAccount": [ACCOUNT, "999999999999"]}}}
        for row in rows
        if row["may"] == "show acl"
    ]
    result = proof(trading(), "service delivery.logs.amazonaws.com", rows=wider)
    assert {one.kind for one in result.findings if "s3:GetBucketAcl" in one.actions} == {"missing"}


def test_other_role_of_the_stack_is_not_touched_by_a_change() -> None:
    graph = rewritten(trading(), TABLE_POLICY, lambda rows: rows[0].update(Action="*", Resource="*"))
    assert found(proof(graph, READER)) == []
    assert found(proof(graph, ROLE)) != []


def test_policy_of_a_kind_that_is_not_read_is_unknown() -> None:
    row = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    user = made("aws:iam/userPolicy:UserPolicy", "of-a-user", user="somebody", policy=policy(row))
    result = proof(with_(trading(), user), ROLE)
    assert [(one.kind, one.message) for one in result.findings] == [
        ("unknown", "aws:iam/userPolicy:UserPolicy of-a-user: policy: a policy that this command does not read")
    ]
