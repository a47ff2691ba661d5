"""Policy documents are read as IAM reads them, however they are written; and what is known of actions and ARNs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from policies.rules import documents
from policies.rules.documents import Condition
from policies.rules.least_privilege import actions, sharing, statements

ROW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def parsed(**elements: Any) -> documents.Statement:
    return documents.parse({"Statement": {**ROW, **elements}}, "p").statements[0]


@pytest.mark.parametrize("value", [{"Statement": ROW}, {"statement": [ROW]}, json.dumps({"STATEMENT": ROW})])
def test_a_document_is_read_from_text_and_object(value: Any) -> None:
    found = documents.parse(value, "p")
    assert (found.path, found.known, found.broken) == ("p", True, False)
    (only,) = found.allowing()
    assert (only.path, only.effect, only.actions, only.resources) == (
        "p.Statement[0]",
        "allow",
        ("s3:getobject",),
        ("*",),
    )


@pytest.mark.parametrize(
    ("value", "known", "broken"),
    [
        (UNKNOWN, False, False),
        ({"Statement": UNKNOWN}, False, False),
        ({"Statement": [ROW, {**ROW, "Resource": UNKNOWN}]}, False, False),
        ("no JSON", True, True),
        ("[" * 100_000, True, True),
        ({"Statement": "x"}, True, True),
        ({"Statement": [ROW, "x"]}, True, True),
        ([], True, True),
        (7, True, True),
    ],
)
def test_what_is_no_known_document_says_so(value: Any, known: bool, broken: bool) -> None:
    found = documents.parse(value, "p")
    assert (found.path, found.known, found.broken) == ("p", known, broken)
    assert isinstance(found.statements, tuple)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a", ("a",)),
        (["a", ["b"]], ("a", "b")),
        (True, ("true",)),
        (111122223333.0, ("111122223333",)),
        (1.5, ("1.5",)),
        (7, ("7",)),
        (None, ()),
        ({"a": "b"}, ()),
    ],
)
def test_texts_of_a_value(value: Any, texts: tuple[str, ...]) -> None:
    assert documents.words(value) == texts


def test_an_element_that_is_missing_is_empty() -> None:
    found = documents.parse({"Statement": {"Action": "s3:*"}}, "p").statements[0]
    assert (found.effect, found.allows, found.denies, found.conditions) == ("", False, False, ())
    assert parsed(Action=None, NotAction="S3:Get*").not_actions == ("s3:get*",)


@pytest.mark.parametrize(
    ("principal", "found"),
    [
        ("*", (("*", "*"),)),
        ("111122223333", (("AWS", "111122223333"),)),
        (["*", "1"], (("*", "*"), ("AWS", "1"))),
        ({"aws": ["*", "1"]}, (("AWS", "*"), ("AWS", "1"))),
        ({"SERVICE": "sns.amazonaws.com"}, (("Service", "sns.amazonaws.com"),)),
        ({"federated": "x"}, (("Federated", "x"),)),
        ({"CanonicalUser": "x"}, (("CanonicalUser", "x"),)),
        ({"*": "*"}, (("*", "*"),)),
        ({"Other": "x"}, (("Other", "x"),)),
    ],
)
def test_principals_of_each_kind(principal: Any, found: tuple[tuple[str, str], ...]) -> None:
    assert parsed(Principal=principal).principals == found
    assert parsed(NotPrincipal=principal).not_principals == found
    assert parsed(Principal=principal).anybody is (("*", "*") in found or ("AWS", "*") in found)


def test_everybody_by_who_is_left_out() -> None:
    assert parsed(NotPrincipal={"AWS": "1"}).anybody
    assert not parsed(Principal={"Federated": "*"}).anybody


@pytest.mark.parametrize(
    ("pattern", "text", "matching"),
    [
        ("s3:Get*", "S3:getobject", True),
        ("s3:Get?bject", "s3:getObject", True),
        ("s3:Get?bject", "s3:getXXbject", False),
        ("s3:GetObject", "S3:GETOBJECT", True),
        ("s3.Get*", "s3:getobject", False),
        ("a*c", "a\nc", True),
        ("*", "", True),
    ],
)
def test_patterns_of_iam(pattern: str, text: str, matching: bool) -> None:
    assert documents.matches(pattern, text) is matching


@pytest.mark.parametrize(
    ("operator", "value", "restricting"),
    [
        ("stringequals", "x", True),
        ("stringnotequals", "x", False),
        ("stringequalsifexists", "x", False),
        ("StringEqualsIfExists", "x", False),
        ("null", "false", False),
        ("stringlike", "*", False),
        ("stringlike", "x*", True),
        ("forallvalues:stringequals", "x", False),
        ("foranyvalue:stringequals", "x", True),
        ("foranyvalue:stringnotequals", "x", False),
    ],
)
def test_conditions_that_refuse_something(operator: str, value: str, restricting: bool) -> None:
    assert documents.restricts(Condition(operator, "aws:principalarn", (value,))) is restricting
    assert not documents.restricts(Condition(operator, "aws:principalarn", ()))


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobject", "s3:GETOBJECT"])
def test_case_of_actions_says_nothing(action: str) -> None:
    assert parsed(Action=action).grants("s3:getObject")
    assert not parsed(Action=None, NotAction=action).grants("s3:GetObject")
    assert parsed(Action=None, NotAction=action).grants("s3:PutObject")


def test_actions_that_a_pattern_names() -> None:
    get = {action.key for action in actions.known("s3:getobject*")}
    assert {"s3:getobject", "s3:getobjecttagging"} <= get
    assert all(key.startswith("s3:getobject") for key in get)
    everything = {action.key for action in actions.known("*")}
    assert everything == {action.key for action in actions.known("**")} > {"s3:getobject", "sqs:sendmessage"}
    assert {action.key.partition(":")[0] for action in actions.known("s?:getobject")} == {"s3"}
    several = {action.key.partition(":")[0] for action in actions.known("s*:get*")}
    assert {"s3", "sqs"} <= several and "dynamodb" not in several
    assert actions.known("nobody:nothing") == actions.known("s3:nothing") == ()
    assert [action.name for action in actions.named(("s3:getobject", "s3:getobject"))] == ["s3:GetObject"]
    assert actions.known("sqs:sendmessage")[0].level == "Write"


@pytest.mark.parametrize(
    ("resource", "reach", "all_of_them"),
    [
        ("*", "dynamodb:table/~", True),
        ("arn:*", "dynamodb:table/~", True),
        ("arn:aws:*", "dynamodb:table/~", True),
        ("arn:aws:dynamodb:*", "dynamodb:table/~", True),
        ("arn:aws:dynamodb:eu-west-1:*", "dynamodb:table/~", True),
        ("arn:aws:dynamodb:eu-west-1:1:*", "dynamodb:table/~", True),
        ("arn:aws:dynamodb:eu-west-1:1:table/*", "dynamodb:table/~", True),
        ("arn:aws:logs:eu-west-1:1:log-group:*", "logs:log-group:~", True),
        ("arn:aws:dynamodb:eu-west-1:1:table/a*", "dynamodb:table/~", False),
        ("arn:aws:sqs:*", "dynamodb:table/~", False),
        ("arn:aws:sqs", "dynamodb:table/~", False),
        ("arn:aws:d*:eu-west-1:1:table/*", "dynamodb:table/~", True),
        ("arn:aws:s*:eu-west-1:1:table/*", "dynamodb:table/~", False),
    ],
)
def test_resources_that_are_all_of_a_kind(resource: str, reach: str, all_of_them: bool) -> None:
    assert actions.reaches_all(resource, reach) is all_of_them


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        ("arn:aws:sns:eu-west-1:111122223333:orders", "111122223333"),
        ("arn:aws:logs:eu-west-1:111122223333:log-group:a:*", "111122223333"),
        ("arn:aws:s3:::orders", ""),
        ("arn:aws:ec2:eu-west-1:aws:prefix-list/x", "aws"),
        ("arn:aws", ""),
        ("*", ""),
    ],
)
def test_account_of_an_arn(arn: str, account: str) -> None:
    assert actions.account(arn) == account


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        ("logs.eu-west-1.amazonaws.com", "logs.amazonaws.com"),
        ("LOGS.us-gov-west-1.amazonaws.com", "logs.amazonaws.com"),
        ("logs.cn-north-1.amazonaws.com.cn", "logs.amazonaws.com"),
        ("delivery.logs.amazonaws.com", "delivery.logs.amazonaws.com"),
    ],
)
def test_name_of_a_service(principal: str, name: str) -> None:
    assert actions.service_name(principal) == name


def test_shortest_ways_come_first() -> None:
    found = actions.escalations()
    assert [len(way.actions) for way in found] == sorted(len(way.actions) for way in found)
    assert all(way.passed_to == "" or way.passed_to.endswith(".amazonaws.com") for way in found)
    assert any(way.passed_to for way in found) and not all(way.passed_to for way in found)


@pytest.mark.parametrize(
    "key",
    [
        "aws:ResourceTag/Project",
        "s3:BucketTag/Project",
        "rds:cluster-tag/Project",
        "cloudformation:StackName",
        "ec2:CreateAction",
        "ec2:Subnet",
        "ec2:Vpc",
        "ecs:cluster",
        "ecs:service",
        "ecs:task-definition",
        "elasticfilesystem:AccessPointArn",
        "iam:AWSServiceName",
        "iam:PermissionsBoundary",
        "iam:PolicyARN",
        "kms:EncryptionContext:aws:logs:arn",
        "kms:RequestAlias",
        "kms:ResourceAliases",
        "lambda:FunctionArn",
        "route53:ChangeResourceRecordSetsNormalizedRecordNames",
        "s3:AccessPointArn",
        "s3:DataAccessPointArn",
        "secretsmanager:SecretId",
    ],
)
def test_keys_that_name_a_resource(key: str) -> None:
    (action,) = actions.known("s3:getobject")
    assert statements.narrowed(parsed(Condition={"StringEquals": {key: "orders"}}), action)
    assert not statements.narrowed(parsed(Condition={"StringEquals": {key: "*"}}), action)


@pytest.mark.parametrize("key", ["aws:SourceVpc", "aws:RequestedRegion", "aws:PrincipalTag/Project", "ec2:Region"])
def test_keys_that_name_no_resource(key: str) -> None:
    (action,) = actions.known("s3:getobject")
    assert not statements.narrowed(parsed(Condition={"StringEquals": {key: "orders"}}), action)


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("111122223333", "111122223333"),
        ("arn:aws:iam::111122223333:root", "111122223333"),
        ("arn:aws:s3:::orders", ""),
        ("11112222333", ""),
        ("arn:aws:iam::*:root", ""),
        ("*", ""),
    ],
)
def test_account_that_a_text_names(text: str, account: str) -> None:
    assert sharing.named_account(text) == account


@pytest.mark.parametrize(
    ("arn", "open_"),
    [
        ("*", True),
        ("?*", True),
        ("arn:aws:sns:eu-west-1:*:orders", True),
        ("arn:aws:sns:*", True),
        ("arn:aws:sns:eu-west-1:1", False),
        ("arn:aws:sns:eu-west-1:111122223333:*", False),
        ("arn:aws:sns:eu-west-1:111122223333:a:*", False),
        ("arn:aws:s3:::orders", False),
        ("arn:aws:s3:::orders*", False),
    ],
)
def test_arn_of_any_account(arn: str, open_: bool) -> None:
    assert sharing.any_account(arn) is open_


@pytest.mark.parametrize(
    ("operator", "key", "value", "closing"),
    [
        ("stringequals", "aws:principalaccount", "111122223333", True),
        ("stringequals", "aws:sourceaccount", "111122223333", True),
        ("stringequals", "aws:sourceowner", "111122223333", True),
        ("stringequals", "kms:calleraccount", "111122223333", True),
        ("stringequals", "s3:dataaccesspointaccount", "111122223333", True),
        ("stringequals", "aws:principalaccount", "1111", False),
        ("arnequals", "aws:principalarn", "arn:aws:iam::111122223333:role/x", True),
        ("arnlike", "aws:sourcearn", "arn:aws:sns:eu-west-1:111122223333:*", True),
        ("arnlike", "s3:dataaccesspointarn", "arn:aws:s3:eu-west-1:111122223333:accesspoint/*", True),
        ("arnlike", "aws:sourcearn", "arn:aws:s3:::orders", True),
        ("arnlike", "aws:sourcearn", "arn:aws:s3:::*", False),
        ("arnlike", "aws:principalarn", "arn:aws:s3:::orders", False),
        ("stringequals", "aws:sourcevpc", "vpc-0abc", True),
        ("stringlike", "aws:sourcevpc", "vpc-*", False),
        ("stringequals", "aws:sourcevpce", "vpce-0abc", True),
        ("ipaddress", "aws:sourceip", "203.0.113.7/24", True),
        ("ipaddress", "aws:sourceip", "10.0.0.0/8", True),
        ("ipaddress", "aws:sourceip", "10.0.0.0/7", False),
        ("ipaddress", "aws:vpcsourceip", "2001:db8::/32", True),
        ("ipaddress", "aws:sourceip", "2001::/31", False),
        ("ipaddress", "aws:sourceip", "nonsense", False),
        ("stringlike", "aws:userid", "AROAABCDEFGHIJKLMNOPQ:*", True),
        ("stringlike", "aws:userid", "orders", False),
        ("bool", "elasticfilesystem:accessedviamounttarget", "true", True),
        ("bool", "elasticfilesystem:accessedviamounttarget", "false", False),
        ("bool", "aws:securetransport", "true", False),
        ("stringnotequals", "aws:principalaccount", "111122223333", False),
    ],
)
def test_conditions_that_close(operator: str, key: str, value: str, closing: bool) -> None:
    assert sharing.closes(Condition(operator, key, (value,))) is closing
