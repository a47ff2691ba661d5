"""Action, Resource and Principal, one table for each section of the IAM User Guide, and documents that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from plumbline.iam import ANONYMOUS, Policies, Principal, Request, evaluate, policy, session

ACCOUNT = "111122223333"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/team/orders"
ROLE = session(ROLE_ARN, "s1")
USER = Principal("user", f"arn:aws:iam::{ACCOUNT}:user/team/ann")
ROOT = Principal("root", f"arn:aws:iam::{ACCOUNT}:root")
SERVICE = Principal("service", "events.amazonaws.com")
FEDERATED = Principal("federated_user", f"arn:aws:sts::{ACCOUNT}:federated-user/bob", USER.name)
OPENID = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"


def document(**elements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}}


def allowed(given: Any, action: str = "sqs:SendMessage", resource: Any = QUEUE, context: Any = None) -> bool | None:
    policies = Policies(identity=[policy(given)], resource_account=ACCOUNT)
    return evaluate(Request(ROLE, action, resource, context or {}), policies).allowed


ACTIONS = [
    ("sqs:SendMessage", "sqs:SendMessage", True),
    ("SQS:sendmessage", "sqs:SendMessage", True),
    ("sqs:SendMessage", "SQS:SENDMESSAGE", True),
    ("sqs:SendMessage", "sqs:SendMessageBatch", False),
    ("sqs:*", "sqs:DeleteQueue", True),
    ("sqs:*", "sns:Publish", False),
    ("*", "iam:CreateUser", True),
    ("*:*", "iam:CreateUser", True),
    ("iam:*AccessKey*", "iam:ListAccessKeys", True),
    ("iam:*AccessKey*", "iam:ListUsers", False),
    ("sqs:?endMessage", "sqs:SendMessage", True),
    ("sqs:SendMessage?", "sqs:SendMessage", False),
    (["s3:Get*", "sqs:Send*"], "sqs:SendMessage", True),
    (["s3:Get*", "sns:*"], "sqs:SendMessage", False),
    ("s3:Get.bject".replace(".", "?"), "s3:GetObject", True),
]


@pytest.mark.parametrize(("pattern", "action", "expected"), ACTIONS, ids=lambda value: f"Action: {value}")
def test_action_covers_as_documented(pattern: Any, action: str, expected: bool) -> None:
    assert allowed(document(Action=pattern), action) is expected


@pytest.mark.parametrize(("pattern", "action", "expected"), ACTIONS, ids=lambda value: f"NotAction: {value}")
def test_not_action_is_the_complement(pattern: Any, action: str, expected: bool) -> None:
    statement = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert allowed({"Statement": statement}, action) is not expected


S3 = "arn:aws:s3:::bucket"
RESOURCES = [
    ("*", QUEUE, True),
    (QUEUE, QUEUE, True),
    (QUEUE, QUEUE.replace("orders", "Orders"), False),
    (f"{QUEUE}*", f"{QUEUE}-dead", True),
    (f"{QUEUE}?", f"{QUEUE}-dead", False),
    (f"arn:aws:sqs:*:{ACCOUNT}:orders", QUEUE, True),
    (f"arn:aws:sqs:us-*-1:{ACCOUNT}:orders", QUEUE, True),
    (f"arn:aws:sqs:us-*-2:{ACCOUNT}:orders", QUEUE, False),
    (f"arn:aws:sqs:us-????-1:{ACCOUNT}:orders", QUEUE, True),
    ("arn:*:sqs:*:*:*", QUEUE, True),
    ("arn:aws:sqs:*", QUEUE, True),
    ("arn:aws:sns:*", QUEUE, False),
    (f"arn:aws-cn:sqs:us-east-1:{ACCOUNT}:orders", QUEUE, False),
    # A star inside a part stays in it; one that ends its part goes on.
    ("arn:aws:sqs:us*1:x:y", "arn:aws:sqs:us:1:x:y", False),
    ("arn:aws:sqs:us*:x:y", "arn:aws:sqs:us:1:x:y", True),
    ("arn:aws:sqs:us?1:x:y", "arn:aws:sqs:us:1:x:y", False),
    (f"{S3}/*/test/*", f"{S3}/1/test/object.jpg", True),
    (f"{S3}/*/test/*", f"{S3}/1/2/test/3/object.jpg", True),
    (f"{S3}/*/test/*", f"{S3}/1///test///object.jpg", True),
    (f"{S3}/*/test/*", f"{S3}//test/object.jpg", True),
    (f"{S3}/*/test/*", f"{S3}/1/test/", True),
    (f"{S3}/*/test/*", f"{S3}/1-test/object.jpg", False),
    (f"{S3}/*/test/*", f"{S3}/test/object.jpg", False),
    (f"{S3}/*/test/*", f"{S3}/1/2/test.jpg", False),
    (f"{S3}/*", S3, False),
    (f"{S3}/a.b", f"{S3}/axb", False),
    (f"{S3}/*.csv", f"{S3}/10:00.csv", True),
    ([S3, f"{S3}/*"], f"{S3}/x", True),
    ([S3, QUEUE], f"{S3}/x", False),
    (f"arn:aws:logs:*:{ACCOUNT}:log-group:/aws/*:*", f"arn:aws:logs:r:{ACCOUNT}:log-group:/aws/a:log-stream:b", True),
    (f"{S3}/${{*}}", f"{S3}/*", True),
    (f"{S3}/${{*}}", f"{S3}/x", False),
    (f"{S3}/${{aws:PrincipalTag/team}}/*", f"{S3}/blue/x", True),
    (f"{S3}/${{aws:PrincipalTag/team}}/*", f"{S3}/red/x", False),
    (f"{S3}/${{aws:PrincipalTag/none}}*", f"{S3}/x", False),
    (f"{S3}-${{aws:PrincipalTag/none, 'company-wide'}}", f"{S3}-company-wide", True),
    (f"{S3}-${{aws:PrincipalTag/team, 'company-wide'}}", f"{S3}-company-wide", False),
]
TAGS = {"aws:PrincipalTag/team": "blue"}


@pytest.mark.parametrize(("pattern", "resource", "expected"), RESOURCES, ids=lambda value: f"Resource: {value}")
def test_resource_covers_as_documented(pattern: Any, resource: str, expected: bool) -> None:
    assert allowed(document(Resource=pattern), "s3:GetObject", resource, TAGS) is expected


@pytest.mark.parametrize(("pattern", "resource", "expected"), RESOURCES, ids=lambda value: f"NotResource: {value}")
def test_not_resource_is_the_complement(pattern: Any, resource: str, expected: bool) -> None:
    statement = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    given = {"Version": "2012-10-17", "Statement": statement}
    assert allowed(given, "s3:GetObject", resource, TAGS) is not expected


def test_variable_in_a_resource_of_an_older_version_is_text() -> None:
    given = {"Version": "2008-10-17", "Statement": document(Resource=f"{S3}/${{aws:username}}")["Statement"]}
    assert [
        allowed(given, resource=f"{S3}/{name}", context={"aws:username": "ann"}) for name in ("ann", "${aws:username}")
    ] == [
        False,
        True,
    ]


# "AWS JSON policy elements: Principal". Only a resource's policy allows, so an account as principal is not enough.
EVERYONE = [ROLE, USER, ROOT, SERVICE, FEDERATED, ANONYMOUS]
PRINCIPALS: list[tuple[Any, list[Principal]]] = [
    ("*", EVERYONE),
    ({"AWS": "*"}, EVERYONE),
    ({"AWS": ACCOUNT}, [ROOT]),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, [ROOT]),
    ({"AWS": "999999999999"}, []),
    ({"AWS": ROLE_ARN}, [ROLE]),
    ({"AWS": ROLE_ARN.replace("orders", "Orders")}, []),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/orders"}, []),
    ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/s1"}, [ROLE]),
    ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/s2"}, []),
    ({"AWS": USER.name}, [USER]),
    ({"AWS": [USER.name, ROLE_ARN]}, [ROLE, USER]),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/team/Ann"}, []),
    ({"AWS": FEDERATED.name}, [FEDERATED]),
    ({"AWS": "AROAEXAMPLEIDOFDELETED"}, []),
    ({"Service": "events.amazonaws.com"}, [SERVICE]),
    ({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, [SERVICE]),
    ({"Service": "sns.amazonaws.com"}, []),
    ({"Service": "*"}, [SERVICE]),
    ({"AWS": USER.name, "Service": "events.amazonaws.com"}, [USER, SERVICE]),
    ({"Federated": "accounts.google.com"}, []),
]


@pytest.mark.parametrize(("principal", "expected"), PRINCIPALS, ids=lambda value: f"Principal: {str(value)[:90]}")
def test_principal_names_as_documented(principal: Any, expected: list[Principal]) -> None:
    found = policy(document(Principal=principal), "queue", "resource")
    policies = Policies(resource=[found], resource_account=ACCOUNT)
    # The root may do anything in its account: only what is denied tells whom a principal names.
    denied = policy(
        {"Statement": {**document(Principal=principal)["Statement"], "Effect": "Deny"}}, "queue", "resource"
    )
    allowed_ones = [
        one
        for one in EVERYONE
        if one.kind != "root" and evaluate(Request(one, "sqs:SendMessage", QUEUE), policies).allowed
    ]
    assert allowed_ones == [one for one in expected if one.kind != "root"]
    root = evaluate(Request(ROOT, "sqs:SendMessage", QUEUE), Policies(resource=[denied]))
    assert (root.outcome == "explicit deny") is (ROOT in expected)


# Deny: what names the account, or what a session comes from, reaches all that is behind it.
DENIES: list[tuple[Any, list[Principal]]] = [
    ({"AWS": ACCOUNT}, [ROLE, USER, ROOT, FEDERATED]),
    ({"AWS": ROLE_ARN}, [ROLE]),
    ({"AWS": USER.name}, [USER, FEDERATED]),
    ({"AWS": "*"}, EVERYONE),
    ({"Service": "events.amazonaws.com"}, [SERVICE]),
]


@pytest.mark.parametrize(("principal", "expected"), DENIES, ids=lambda value: f"Principal in Deny: {str(value)[:90]}")
def test_deny_reaches_all_behind_a_principal(principal: Any, expected: list[Principal]) -> None:
    open_ = policy(document(Principal="*"), "queue", "resource")
    deny = policy(document(Principal=principal, Effect="Deny"), "deny", "resource")
    policies = Policies(resource=[open_, deny], resource_account=ACCOUNT)
    answers = [evaluate(Request(one, "sqs:SendMessage", QUEUE), policies).outcome for one in EVERYONE]
    assert answers == ["explicit deny" if one in expected else "allow" for one in EVERYONE]


ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
SPARED: list[tuple[list[str], list[Principal]]] = [
    ([USER.name, ROOT_ARN], [USER, ROOT]),
    ([USER.name, ACCOUNT], [USER, ROOT]),
    ([USER.name], []),
    ([ROOT_ARN], [ROOT]),
    ([ROLE.name, ROLE_ARN, ROOT_ARN], [ROLE, ROOT]),
    ([ROLE_ARN, ROOT_ARN], [ROOT]),
    ([ROLE.name, ROOT_ARN], [ROOT]),
]


@pytest.mark.parametrize(("names", "expected"), SPARED, ids=lambda value: f"NotPrincipal with Deny: {str(value)[:90]}")
def test_not_principal_in_a_deny_spares_who_is_named_with_account_and_role(
    names: list[str], expected: list[Principal]
) -> None:
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": names}, "Action": "*", "Resource": "*"}
    found = policy({"Statement": [document(Principal="*")["Statement"], deny]}, "queue", "resource")
    policies = Policies(resource=[found], resource_account=ACCOUNT)
    spared = [one for one in EVERYONE if evaluate(Request(one, "sqs:SendMessage", QUEUE), policies).allowed]
    assert spared == expected


def test_not_principal_in_an_allow_leaves_out_who_is_named() -> None:
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": USER.name}, "Action": "*", "Resource": "*"}
    policies = Policies(resource=[policy({"Statement": statement}, "queue", "resource")], resource_account=ACCOUNT)
    reached = [one for one in EVERYONE if evaluate(Request(one, "sqs:SendMessage", QUEUE), policies).allowed]
    assert reached == [ROLE, ROOT, SERVICE, ANONYMOUS]


@pytest.mark.parametrize(("known", "expected"), [("abc", True), ("def", False), (UNKNOWN, None)])
def test_canonical_user_is_an_account(known: Any, expected: bool | None) -> None:
    other = Principal("user", "arn:aws:iam::999999999999:user/x", canonical_user=known)
    found = policy(document(Principal={"CanonicalUser": "abc"}), "bucket", "resource")
    policies = Policies([policy(document())], resource=[found], resource_account=ACCOUNT)
    assert evaluate(Request(other, "s3:GetObject", S3), policies).allowed is expected


@pytest.mark.parametrize(("names", "expected"), [(OPENID, True), ("accounts.google.com", False)])
def test_provider_assumes_a_role_that_trusts_it(names: str, expected: bool) -> None:
    statement = {"Effect": "Allow", "Principal": {"Federated": names}, "Action": "sts:AssumeRoleWithWebIdentity"}
    policies = Policies(resource=[policy({"Statement": statement}, "trust", "trust")])
    request = Request(Principal("provider", OPENID), "sts:AssumeRoleWithWebIdentity", ROLE_ARN)
    assert evaluate(request, policies).allowed is expected


GOOD = document()["Statement"]
WRONG: list[tuple[Any, str, str]] = [
    ("{", "identity", "p: not JSON"),
    ("[]", "identity", "p: a list given; an object is needed"),
    ({}, "identity", "p: Statement: nothing given; at least one statement is needed"),
    ({"Statement": []}, "identity", "p: Statement: nothing given"),
    ({"Statement": GOOD, "Version": "2012-10-18"}, "identity", "p: Version: '2012-10-18' given; allowed: 2012-10-17"),
    ({"Statements": [GOOD]}, "identity", "p: 'Statements' given (did you mean Statement?)"),
    ({"Statement": "x"}, "identity", "p: Statement[0]: 'x' given; an object is needed"),
    ({"Statement": {**GOOD, "Efect": "Deny"}}, "identity", "Statement[0]: 'Efect' given (did you mean Effect?)"),
    (
        {"Statement": {**GOOD, "Effect": "allow"}},
        "identity",
        "Statement[0].Effect: 'allow' given; allowed: Allow, Deny",
    ),
    ({"Statement": {"Action": "*", "Resource": "*"}}, "identity", "Statement[0].Effect: nothing given"),
    (
        {"Statement": {"Effect": "Allow", "Resource": "*"}},
        "identity",
        "neither given; needed: one of Action and NotAction",
    ),
    ({"Statement": {**GOOD, "NotAction": "*"}}, "identity", "Action and NotAction given; needed: one of"),
    ({"Statement": {**GOOD, "NotResource": "*"}}, "identity", "Resource and NotResource given"),
    ({"Statement": {"Effect": "Allow", "Action": "*"}}, "identity", "one of Resource and NotResource"),
    ({"Statement": {**GOOD, "Action": []}}, "identity", "Statement[0].Action: an empty list given"),
    ({"Statement": {**GOOD, "Action": [3]}}, "identity", "Statement[0].Action: 3 given; a text is needed"),
    ({"Statement": {**GOOD, "Action": "GetObject"}}, "identity", "Statement[0].Action: 'GetObject' given; allowed: *"),
    ({"Statement": {**GOOD, "Action": "s*:Get"}}, "identity", "Statement[0].Action: 's*:Get' given"),
    ({"Statement": {**GOOD, "Resource": "bucket"}}, "identity", "Statement[0].Resource: 'bucket' given; allowed: *"),
    ({"Statement": {**GOOD, "Resource": "arn:aws:s3"}}, "identity", "an ARN of six parts"),
    ({"Statement": {**GOOD, "Resource": "arn:aws:s*:::b"}}, "identity", "the service of an ARN takes no wildcard"),
    (document(Resource="arn:aws:sqs:us:${aws:PrincipalAccount}:q"), "identity", "after the fifth colon"),
    ({"Statement": {**GOOD, "Principal": "*"}}, "identity", "Principal given; a policy of a principal has none"),
    ({"Statement": GOOD}, "resource", "neither given; needed: one of Principal and NotPrincipal"),
    ({"Statement": {**GOOD, "Principal": {}}}, "resource", "Statement[0].Principal: an empty object given"),
    ({"Statement": {**GOOD, "Principal": "me"}}, "resource", "Statement[0].Principal: 'me' given; an object is needed"),
    ({"Statement": {**GOOD, "Principal": {"Aws": "*"}}}, "resource", "'Aws' given; allowed: AWS, Service"),
    (document(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}), "resource", "ARN of IAM or STS without wildcards"),
    (document(Principal={"AWS": "orders"}), "resource", "Principal.AWS: 'orders' given"),
    (document(Principal={"Service": "*.amazonaws.com"}), "resource", "Principal.Service: '*.amazonaws.com' given"),
    (document(Principal="*"), "trust", "Resource given; a trust policy has none"),
    ({"Statement": {"Effect": "Deny", "NotPrincipal": "*", "Action": "*"}}, "trust", "a trust policy has none"),
    (document(Sid="a b"), "identity", "Statement[0].Sid: 'a b' given; allowed: letters and digits"),
    (document(Sid=1), "identity", "Statement[0].Sid: 1 given; a text is needed"),
    ({"Statement": [{**GOOD, "Sid": "A"}, {**GOOD, "Sid": "A"}]}, "identity", "Sid 'A' given 2 times; allowed: once"),
    ('{"Statement": [], "Statement": []}', "identity", "p: Statement given twice in one object; allowed: once"),
    (document(Condition=[]), "identity", "Statement[0].Condition: a list given; an object is needed"),
    (
        document(Condition={"StringEqual": {}}),
        "identity",
        "'StringEqual' is no condition operator (did you mean StringEquals?)",
    ),
    (document(Condition={"ForEachValue:StringEquals": {}}), "identity", "allowed: ForAllValues or ForAnyValue"),
    (document(Condition={"NullIfExists": {}}), "identity", "Null takes neither IfExists nor a set operator"),
    (document(Condition={"StringEquals": "x"}), "identity", "Condition.StringEquals: 'x' given; an object of keys"),
    (document(Condition={"StringEquals": {"key": "x"}}), "identity", "'key' given; a key such as aws:SourceArn"),
    (document(Condition={"StringEquals": {"aws:a": []}}), "identity", "aws:a: an empty list given"),
    (document(Condition={"StringEquals": {"aws:a": {}}}), "identity", "aws:a: an object given; a text"),
    (document(Condition={"NumericEquals": {"aws:a": "ten"}}), "identity", "aws:a: 'ten' given; needed: a number"),
    (document(Condition={"NumericEquals": {"aws:a": "${aws:b}"}}), "identity", "needed: a number"),
    (document(Condition={"DateEquals": {"aws:a": "31.1.2030"}}), "identity", "needed: a date such as"),
    (document(Condition={"DateEquals": {"aws:a": "2030-02-30"}}), "identity", "needed: a date such as"),
    (document(Condition={"Bool": {"aws:a": "yes"}}), "identity", "needed: true or false"),
    (document(Condition={"Null": {"aws:a": "yes"}}), "identity", "true or false is needed"),
    (document(Condition={"IpAddress": {"aws:a": "10.0.0.0/33"}}), "identity", "needed: an address"),
    (document(Condition={"BinaryEquals": {"aws:a": "???"}}), "identity", "needed: base64"),
    (document(Condition={"ArnLike": {"aws:a": "orders"}}), "identity", "needed: an ARN of six parts"),
]


@pytest.mark.parametrize(("given", "shape", "message"), WRONG, ids=lambda value: f"Grammar: {str(value)[:100]}")
def test_malformed_document_is_refused_in_one_line(given: Any, shape: Any, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        policy(given, "p", shape)
    text = str(raised.value)
    assert (text.startswith("p: "), message in text, "\n" in text) == (True, True, False), text


@pytest.mark.parametrize(
    "given",
    [
        {"Statement": GOOD},
        {"Statement": [GOOD]},
        json.dumps({"Statement": GOOD}),
        json.dumps({"Version": "2008-10-17", "Id": "x", "Statement": [GOOD]}),
        {"Statement": {**GOOD, "Action": ["*"], "Resource": ["*"]}},
    ],
    ids=["Grammar: one", "Grammar: list", "Grammar: text", "Grammar: Id", "Grammar: lists"],
)
def test_every_form_of_a_document_says_the_same(given: Any) -> None:
    assert allowed(given) is True


@pytest.mark.parametrize(
    ("kind", "name", "entity"),
    [
        ("user", "ann", ""),
        ("user", ROLE_ARN, ""),
        ("session", ROLE.name, ""),
        ("root", f"arn:aws:iam::{ACCOUNT}:rooted", ""),
        ("federated_user", FEDERATED.name, "ann"),
    ],
)
def test_principal_of_the_wrong_form_is_refused(kind: Any, name: str, entity: str) -> None:
    with pytest.raises(ValueError, match=r"^principal: .* given; needed: "):
        Principal(kind, name, entity)


def test_session_is_of_a_role() -> None:
    with pytest.raises(ValueError, match="needed: the ARN of a role"):
        session(USER.name)


@pytest.mark.parametrize("action", ["s3:Get*", "GetObject"])
def test_request_is_for_one_action(action: str) -> None:
    with pytest.raises(ValueError, match=r"^action: .* given; needed: one action"):
        allowed(document(), action)
