"""Which policies together allow a request: the flow charts and tables of the IAM User Guide and of KMS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from plumbline.iam import (
    ANONYMOUS,
    Decision,
    Policies,
    Policy,
    Principal,
    Reason,
    Request,
    effective,
    evaluate,
    policy,
    session,
)

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/orders"
ROLE = session(ROLE_ARN, "s1")
USER = Principal("user", f"arn:aws:iam::{ACCOUNT}:user/ann")
ROOT = Principal("root", f"arn:aws:iam::{ACCOUNT}:root")
SERVICE = Principal("service", "events.amazonaws.com")
FEDERATED = Principal("federated_user", f"arn:aws:sts::{ACCOUNT}:federated-user/bob", USER.name)
FOREIGN = session(f"arn:aws:iam::{OTHER}:role/reader")
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"
ALIAS = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/orders"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/orders"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:orders-AbCdEf"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:orders"
OBJECT = "arn:aws:s3:::orders/x"
TRUSTED = f"arn:aws:iam::{ACCOUNT}:role/target"


def own(effect: str = "Allow", action: str = "*", name: str = "own", **more: Any) -> Policy:
    return policy({"Statement": {"Effect": effect, "Action": action, "Resource": "*", **more}}, name)


def theirs(*names: str, effect: str = "Allow", kind: str = "AWS", action: str = "*", shape: Any = "resource") -> Policy:
    principal = "*" if names == ("*",) else {kind: list(names)}
    return policy({"Statement": {"Effect": effect, "Principal": principal, "Action": action}}, "resource", shape)


YES, NO, DENY = own(), own(action="iam:GetUser"), own("Deny")
ALLOW, EXPLICIT = "allow", "explicit deny"


def answer(principal: Principal, action: str, resource: str, policies: Policies) -> str:
    """The outcome, and for an implicit deny what lacks an allow."""
    found = evaluate(Request(principal, action, resource), policies)
    return " ".join(["lacks", *found.lacking]) if found.outcome == "implicit deny" else found.outcome


Case = tuple[Principal, str, str, Policies, str]

# "How AWS enforcement code logic evaluates requests": identity policies alone.
SINGLE: list[Case] = [
    (USER, "sqs:SendMessage", QUEUE, Policies(), "lacks identity"),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES]), ALLOW),
    (USER, "sqs:SendMessage", QUEUE, Policies([NO]), "lacks identity"),
    (USER, "sqs:SendMessage", QUEUE, Policies([NO, YES]), ALLOW),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES, DENY]), EXPLICIT),
    (USER, "sqs:SendMessage", QUEUE, Policies([DENY, YES]), EXPLICIT),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES]), ALLOW),
    (ROLE, "s3:ListAllMyBuckets", "*", Policies([YES]), ALLOW),
    (ROOT, "sqs:SendMessage", QUEUE, Policies(), ALLOW),
    (ROOT, "sqs:SendMessage", QUEUE, Policies(resource=[theirs("*", effect="Deny")]), EXPLICIT),
    (ANONYMOUS, "sqs:SendMessage", QUEUE, Policies(), "lacks resource"),
    (SERVICE, "sqs:SendMessage", QUEUE, Policies(), "lacks resource"),
]
# "Evaluating identity-based policies with resource-based policies": either is enough in one account.
EITHER: list[Case] = [
    (ROLE, action, resource, Policies(identity, resource=given, resource_account=ACCOUNT), expected)
    for action, resource in [
        ("s3:GetObject", OBJECT),
        ("sqs:SendMessage", QUEUE),
        ("sns:Publish", TOPIC),
        ("secretsmanager:GetSecretValue", SECRET),
        ("lambda:InvokeFunction", FUNCTION),
        ("events:PutEvents", BUS),
    ]
    for identity, given, expected in [
        ([YES], [], ALLOW),
        ([YES], [theirs(OTHER)], ALLOW),
        ([], [theirs(ROLE_ARN)], ALLOW),
        ([NO], [theirs("*")], ALLOW),
        ([NO], [theirs(OTHER)], "lacks identity resource"),
        # The account itself as principal lets its administrators decide, and they have not.
        ([], [theirs(ACCOUNT)], "lacks identity resource"),
        ([YES], [theirs(ROLE_ARN, effect="Deny")], EXPLICIT),
        ([DENY], [theirs(ROLE_ARN)], EXPLICIT),
    ]
]
# "Evaluating identity-based policies with permissions boundaries", "with Organizations SCPs", "Session policies".
LIMITS: list[Case] = [
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], boundary=YES), ALLOW),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], boundary=NO), "lacks boundary"),
    (USER, "sqs:SendMessage", QUEUE, Policies([NO], boundary=YES), "lacks identity"),
    (USER, "sqs:SendMessage", QUEUE, Policies([NO], boundary=NO), "lacks identity boundary"),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], boundary=DENY), EXPLICIT),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES], session=[YES]), ALLOW),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES], session=[NO]), "lacks session"),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES], session=[NO, YES]), ALLOW),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES], session=[]), "lacks session"),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES], session=[YES, DENY]), EXPLICIT),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], session=[YES]), "lacks identity"),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES], boundary=YES, session=[YES]), ALLOW),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([YES], boundary=NO, session=[NO]), "lacks boundary session"),
    (FEDERATED, "sqs:SendMessage", QUEUE, Policies([YES]), "lacks session"),
    (FEDERATED, "sqs:SendMessage", QUEUE, Policies([YES], session=[YES]), ALLOW),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], service_control=[[YES]]), ALLOW),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], service_control=[[NO]]), "lacks service control"),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], service_control=[[NO, YES]]), ALLOW),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], service_control=[[YES], [NO]]), "lacks service control"),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], service_control=[[YES], []]), "lacks service control"),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], service_control=[[YES], [YES, DENY]]), EXPLICIT),
    (USER, "sqs:SendMessage", QUEUE, Policies([NO], service_control=[[YES]]), "lacks identity"),
    (USER, "sqs:SendMessage", QUEUE, Policies([YES], boundary=YES, service_control=[[YES]]), ALLOW),
    (ROOT, "sqs:SendMessage", QUEUE, Policies(service_control=[[NO]]), "lacks service control"),
    (ROOT, "sqs:SendMessage", QUEUE, Policies(service_control=[[YES, DENY]]), EXPLICIT),
    (
        ROLE,
        "sqs:SendMessage",
        QUEUE,
        Policies(service_control=[[NO]], resource=[theirs(ROLE.name)]),
        "lacks service control",
    ),
    (SERVICE, "sqs:SendMessage", QUEUE, Policies(service_control=[[NO]], resource=[theirs("*")]), ALLOW),
    (
        session(f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
        "sqs:SendMessage",
        QUEUE,
        Policies([YES], service_control=[[NO]]),
        ALLOW,
    ),
]
# "Resource-based policies and implicit denies in other policy types (same account)".
TABLE: list[Case] = [
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], NO, [NO], resource=[theirs(ROLE_ARN)]), "lacks boundary session"),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], YES, [NO], resource=[theirs(ROLE_ARN)]), "lacks session"),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], NO, [YES], resource=[theirs(ROLE_ARN)]), "lacks boundary"),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], YES, [YES], resource=[theirs(ROLE_ARN)]), ALLOW),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], NO, [NO], resource=[theirs(ROLE.name)]), ALLOW),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], DENY, [NO], resource=[theirs(ROLE.name)]), EXPLICIT),
    (ROLE, "sqs:SendMessage", QUEUE, Policies([NO], NO, [NO], resource=[theirs("*")]), ALLOW),
    (USER, "sqs:SendMessage", QUEUE, Policies([NO], NO, resource=[theirs(USER.name)]), ALLOW),
    (
        USER,
        "sqs:SendMessage",
        QUEUE,
        Policies([NO], NO, resource=[theirs(ACCOUNT)]),
        "lacks identity boundary resource",
    ),
    (
        FEDERATED,
        "sqs:SendMessage",
        QUEUE,
        Policies([NO], NO, [NO], resource=[theirs(USER.name)]),
        "lacks boundary session",
    ),
    (FEDERATED, "sqs:SendMessage", QUEUE, Policies([NO], None, [YES], resource=[theirs(USER.name)]), ALLOW),
    (FEDERATED, "sqs:SendMessage", QUEUE, Policies([NO], NO, None, resource=[theirs(FEDERATED.name)]), ALLOW),
    (ROOT, "sqs:SendMessage", QUEUE, Policies(resource=[theirs(ROOT.name)]), ALLOW),
    (SERVICE, "sqs:SendMessage", QUEUE, Policies(resource=[theirs(SERVICE.name, kind="Service")]), ALLOW),
]
# "Cross-account policy evaluation logic": both accounts have to allow.
CROSS: list[Case] = [
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies([YES]), "lacks resource"),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies([NO]), "lacks identity resource"),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies(resource=[theirs(FOREIGN.entity)]), "lacks identity"),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies(resource=[theirs(FOREIGN.name)]), "lacks identity"),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies(resource=[theirs("*")]), "lacks identity"),
    *(
        (FOREIGN, "sqs:SendMessage", QUEUE, Policies([YES], resource=[theirs(name)]), ALLOW)
        for name in (FOREIGN.entity, FOREIGN.name, OTHER, f"arn:aws:iam::{OTHER}:root", "*")
    ),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies([YES], resource=[theirs(ACCOUNT)]), "lacks resource"),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies([YES], NO, resource=[theirs(FOREIGN.name)]), "lacks boundary"),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies([YES], None, [NO], resource=[theirs("*")]), "lacks session"),
    (
        FOREIGN,
        "sqs:SendMessage",
        QUEUE,
        Policies([YES], service_control=[[NO]], resource=[theirs("*")]),
        "lacks service control",
    ),
    (FOREIGN, "sqs:SendMessage", QUEUE, Policies([YES, DENY], resource=[theirs(OTHER)]), EXPLICIT),
    (
        FOREIGN,
        "sqs:SendMessage",
        QUEUE,
        Policies([YES], resource=[theirs("*"), theirs(OTHER, effect="Deny")]),
        EXPLICIT,
    ),
    (
        Principal("root", f"arn:aws:iam::{OTHER}:root"),
        "sqs:SendMessage",
        QUEUE,
        Policies(resource=[theirs(OTHER)]),
        ALLOW,
    ),
    (Principal("root", f"arn:aws:iam::{OTHER}:root"), "sqs:SendMessage", QUEUE, Policies(), "lacks resource"),
    (ROLE, "s3:GetObject", OBJECT, Policies([YES], resource_account=OTHER), "lacks resource"),
    (ROLE, "s3:GetObject", OBJECT, Policies([YES], resource=[theirs(ACCOUNT)], resource_account=OTHER), ALLOW),
    (ROLE, "s3:GetObject", OBJECT, Policies([YES]), ALLOW),
    (FOREIGN, "kms:Decrypt", KEY, Policies([YES], resource=[theirs(OTHER)]), ALLOW),
    (FOREIGN, "kms:Decrypt", KEY, Policies([YES], resource=[theirs(ACCOUNT)]), "lacks resource"),
]
# KMS, "Key policies": the key's policy is required, and lets identity policies count only by naming the account.
KEYS: list[Case] = [
    (ROLE, "kms:Decrypt", KEY, Policies([YES]), "lacks resource"),
    (ROLE, "kms:Decrypt", KEY, Policies([YES], resource=[theirs(OTHER)]), "lacks resource"),
    (ROLE, "kms:Decrypt", KEY, Policies([YES], resource=[theirs(ACCOUNT)]), ALLOW),
    (ROLE, "kms:Decrypt", KEY, Policies([YES], resource=[theirs(ACCOUNT, action="kms:Encrypt")]), "lacks resource"),
    (ROLE, "kms:Decrypt", KEY, Policies([NO], resource=[theirs(ACCOUNT)]), "lacks identity"),
    (ROLE, "kms:Decrypt", KEY, Policies([], resource=[theirs(OTHER)]), "lacks identity resource"),
    (ROLE, "kms:Decrypt", KEY, Policies([], resource=[theirs(ROLE_ARN)]), ALLOW),
    (ROLE, "kms:Decrypt", KEY, Policies([], NO, resource=[theirs(ROLE_ARN)]), "lacks boundary"),
    (ROLE, "kms:Decrypt", KEY, Policies([], NO, resource=[theirs(ROLE.name)]), ALLOW),
    (ROLE, "kms:Decrypt", KEY, Policies([YES], NO, resource=[theirs(ACCOUNT)]), "lacks boundary"),
    (ROLE, "kms:Decrypt", KEY, Policies([DENY], resource=[theirs(ROLE_ARN)]), EXPLICIT),
    (ROOT, "kms:Decrypt", KEY, Policies(resource=[theirs(ACCOUNT)]), ALLOW),
    (ROOT, "kms:Decrypt", KEY, Policies(resource=[theirs(ROLE_ARN)]), "lacks resource"),
    (SERVICE, "kms:Decrypt", KEY, Policies(resource=[theirs(SERVICE.name, kind="Service")]), ALLOW),
    (SERVICE, "kms:Decrypt", KEY, Policies(resource=[theirs(ACCOUNT)]), "lacks resource"),
    # No key is concerned, so no key's policy.
    (ROLE, "kms:CreateKey", "*", Policies([YES]), ALLOW),
    (ROLE, "kms:DeleteAlias", ALIAS, Policies([YES]), ALLOW),
]
# "Role trust policies" are required as well; they say who assumes a role, not who administers it.
TRUST: list[Case] = [
    (ROLE, "sts:AssumeRole", TRUSTED, Policies([YES]), "lacks resource"),
    (ROLE, "sts:AssumeRole", TRUSTED, Policies([YES], resource=[theirs(ACCOUNT, shape="trust")]), ALLOW),
    (ROLE, "sts:AssumeRole", TRUSTED, Policies([NO], resource=[theirs(ACCOUNT, shape="trust")]), "lacks identity"),
    (ROLE, "sts:AssumeRole", TRUSTED, Policies([], resource=[theirs(ROLE_ARN, shape="trust")]), ALLOW),
    (ROLE, "sts:AssumeRole", TRUSTED, Policies([YES], resource=[theirs(OTHER, shape="trust")]), "lacks resource"),
    (
        ROLE,
        "sts:TagSession",
        TRUSTED,
        Policies([YES], resource=[theirs(ACCOUNT, action="sts:AssumeRole")]),
        "lacks resource",
    ),
    (
        SERVICE,
        "sts:AssumeRole",
        TRUSTED,
        Policies(resource=[theirs(SERVICE.name, kind="Service", shape="trust")]),
        ALLOW,
    ),
    (FOREIGN, "sts:AssumeRole", TRUSTED, Policies([YES], resource=[theirs(OTHER, shape="trust")]), ALLOW),
    (
        FOREIGN,
        "sts:AssumeRole",
        TRUSTED,
        Policies([], resource=[theirs(FOREIGN.entity, shape="trust")]),
        "lacks identity",
    ),
    (ROLE, "iam:GetRole", TRUSTED, Policies([YES], resource=[theirs(OTHER, shape="trust")]), ALLOW),
    (ROLE, "iam:PassRole", TRUSTED, Policies([], resource=[theirs("*", shape="trust")]), "lacks identity resource"),
    (ROLE, "sts:GetCallerIdentity", "*", Policies([YES]), ALLOW),
]


def rows(section: str, cases: Sequence[Case]) -> list[Any]:
    return [
        pytest.param(*case, id=f"{section}: {index} {case[0].kind} {case[1]} {case[4]}")
        for index, case in enumerate(cases)
    ]


@pytest.mark.parametrize(
    ("principal", "action", "resource", "policies", "expected"),
    [
        *rows("Policy evaluation for requests within a single account", SINGLE),
        *rows("Identity-based with resource-based policies", EITHER),
        *rows("Boundaries, SCPs and session policies", LIMITS),
        *rows("Resource-based policies and implicit denies", TABLE),
        *rows("Cross-account policy evaluation logic", CROSS),
        *rows("KMS, Key policies", KEYS),
        *rows("Role trust policies", TRUST),
    ],
)
def test_policies_together_decide_as_documented(
    principal: Principal, action: str, resource: str, policies: Policies, expected: str
) -> None:
    assert answer(principal, action, resource, policies) == expected


def test_allow_names_the_statements_on_every_way() -> None:
    policies = Policies(
        [own(name="first", Sid="Send"), own(name="second", action="sqs:*")],
        boundary=own(name="limit"),
        service_control=[[own(name="root")]],
        resource=[theirs(ACCOUNT), theirs(ROLE.name)],
    )
    assert evaluate(Request(ROLE, "sqs:SendMessage", QUEUE), policies) == Decision(
        "allow",
        (
            Reason("identity", "first", "Send"),
            Reason("identity", "second", "[0]"),
            Reason("boundary", "limit", "[0]"),
            Reason("service control", "root", "[0]"),
            Reason("resource", "resource", "[0]"),
        ),
    )


def test_deny_names_every_denying_statement() -> None:
    policies = Policies([YES, own("Deny", name="stop", Sid="Never")], resource=[theirs(ACCOUNT, effect="Deny")])
    found = evaluate(Request(ROLE, "sqs:SendMessage", QUEUE), policies)
    assert (found.outcome, [str(reason) for reason in found.statements]) == (
        "explicit deny",
        ["identity policy stop, statement Never", "resource policy resource, statement [0]"],
    )


def test_key_policy_and_identity_policy_decide_together() -> None:
    found = evaluate(Request(ROLE, "kms:Decrypt", KEY), Policies([YES], resource=[theirs(ACCOUNT)]))
    assert found.statements == (Reason("identity", "own", "[0]"), Reason("resource", "resource", "[0]"))


NOT_KNOWN = policy(UNKNOWN, "later")
LATER = policy(UNKNOWN, "later", "resource")


def unknown_statement(**elements: Any) -> Policy:
    return own(name="later", **elements)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (Policies([NOT_KNOWN]), "unknown"),
        (Policies([NOT_KNOWN, DENY]), EXPLICIT),
        (Policies([NOT_KNOWN, YES]), "unknown"),
        (Policies([NOT_KNOWN], NO), "lacks boundary"),
        (Policies([NO], resource=[LATER]), "unknown"),
        (Policies([YES], service_control=[[NOT_KNOWN]]), "unknown"),
        (Policies([NO], service_control=[[NOT_KNOWN]]), "lacks identity"),
        (Policies([policy({"Statement": [UNKNOWN]}, "later")]), "unknown"),
        (Policies([own(Resource=[UNKNOWN])]), "unknown"),
        (Policies([own(Resource=[UNKNOWN, QUEUE])]), ALLOW),
        (Policies([own(Resource=[UNKNOWN]), YES]), ALLOW),
        (Policies([own(Action=[UNKNOWN])]), "unknown"),
        (Policies([own(Action=[UNKNOWN, "sqs:*"])]), ALLOW),
        (Policies([YES, own(Action=[UNKNOWN], Effect="Deny")]), "unknown"),
        (Policies([NO, own(Action=[UNKNOWN], Effect="Deny")]), "lacks identity"),
        (Policies([YES, own(Action=[UNKNOWN], Resource="arn:aws:s3:::x", Effect="Deny")]), ALLOW),
        (Policies([own(Effect=UNKNOWN)]), "unknown"),
        (Policies([YES, own(Effect=UNKNOWN)]), "unknown"),
        (Policies([YES, own(Effect=UNKNOWN, Action="s3:*")]), ALLOW),
        (Policies([own(Sid=UNKNOWN)]), ALLOW),
        (
            Policies([policy({"Version": UNKNOWN, "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})]),
            ALLOW,
        ),
        (
            Policies(
                [
                    policy(
                        {
                            "Version": UNKNOWN,
                            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:::${aws:a}"},
                        }
                    )
                ]
            ),
            "unknown",
        ),
        (Policies([own(Condition={"Bool": {"aws:MultiFactorAuthPresent": UNKNOWN}})]), "lacks identity"),
        (Policies([own(Condition={"StringLike": {"aws:userid": "AROA*"}})]), "unknown"),
    ],
)
def test_unknown_is_the_answer_only_where_it_decides(policies: Policies, expected: str) -> None:
    assert answer(ROLE, "sqs:SendMessage", QUEUE, policies) == expected


@pytest.mark.parametrize(
    ("names", "expected"), [([UNKNOWN], "unknown"), ([UNKNOWN, ROLE_ARN], ALLOW), (UNKNOWN, "unknown")]
)
def test_unknown_principal_is_the_answer_only_where_it_decides(names: Any, expected: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": names}, "Action": "*", "Resource": "*"}
    assert (
        answer(ROLE, "sqs:SendMessage", QUEUE, Policies(resource=[policy({"Statement": statement}, "q", "resource")]))
        == expected
    )


def test_unknown_answer_names_what_would_decide_it() -> None:
    found = evaluate(
        Request(ROLE, "sqs:SendMessage", QUEUE), Policies([YES, own("Deny", name="later", Action=[UNKNOWN])])
    )
    assert found == Decision("unknown", (Reason("identity", "later", "[0]"),))


@pytest.mark.parametrize(("resource", "expected"), [("*", ALLOW), (QUEUE, "unknown")])
def test_resource_without_a_known_arn_is_covered_by_a_star_alone(resource: str, expected: str) -> None:
    found = evaluate(Request(ROLE, "sqs:SendMessage", UNKNOWN), Policies([own(Resource=resource)]))
    assert found.outcome == expected


def test_effective_gives_what_each_action_would_get_alone() -> None:
    policies = Policies(
        [
            own(action="sqs:Send*", name="send"),
            own("Deny", "sqs:SendMessageBatch", "stop"),
            own(action="sqs:Get*", name="get"),
        ],
        boundary=own(action="sqs:S*", name="limit"),
    )
    actions = ["sqs:SendMessage", "SQS:sendMessageBatch", "sqs:GetQueueUrl", "sqs:DeleteQueue"]
    assert effective(ROLE, policies, QUEUE, actions) == {
        "sqs:SendMessage": Decision("allow", (Reason("identity", "send", "[0]"), Reason("boundary", "limit", "[0]"))),
        "SQS:sendMessageBatch": Decision("explicit deny", (Reason("identity", "stop", "[0]"),)),
        "sqs:GetQueueUrl": Decision("implicit deny", (), ("boundary",)),
        "sqs:DeleteQueue": Decision("implicit deny", (), ("identity", "boundary")),
    }


@pytest.mark.parametrize("given", [{"identity": [theirs("*")]}, {"boundary": theirs("*")}, {"resource": [YES]}])
def test_policy_in_the_wrong_place_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^\w+: a policy of shape \w+ given; needed: "):
        Policies(**given)
