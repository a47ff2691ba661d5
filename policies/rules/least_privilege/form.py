"""The form of policy documents: rules that read what documents allow rely on it."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.graph import UNKNOWN
from policies.rules.documents import parse
from policies.rules.least_privilege.statements import IAM, ROLE, TYPES, places
from policies.rules.model import PASS, Outcome, View, all_of, fail, rule, unknown

_VERSION = "2012-10-17"


@rule(
    "LP-013",
    "iam-policy-is-well-formed",
    pack="least_privilege",
    types=TYPES,
    severity="medium",
    rationale="Nobody can say what a text allows that is no policy; without its version, variables are plain text.",
    url=f"{IAM}/reference_policies_elements_version.html",
    remediation=f'Give a document with Version "{_VERSION}" and, in each statement, Effect, actions and resources.',
    controls=("IAM.1",),
)
def identity(view: View) -> Outcome:
    paths = places(view)
    if paths is None:
        return unknown("inlinePolicies", "policy documents")
    return all_of(outcome for path in paths for outcome in _form(view, path, about="Resource"))


@rule(
    "LP-014",
    "iam-trust-policy-is-well-formed",
    pack="least_privilege",
    types=(ROLE,),
    severity="medium",
    rationale="A trust policy says who may become the role; other actions than those of STS have no place in it.",
    url=f"{IAM}/id_roles_update-role-trust-policy.html",
    remediation="Give an assume_role_policy whose statements name principals and sts:AssumeRole or a variant of it.",
    controls=("CKV_AWS_60", "CKV_AWS_61"),
    criteria=("TRADING-16.8",),
)
def trust(view: View) -> Outcome:
    path = "assumeRolePolicy"
    outcomes = list(_form(view, path, about="Principal"))
    for statement in parse(view.get(path), path).allowing():
        wrong = [action for action in statement.actions if not _assumes(action)]
        if wrong or statement.not_actions:
            shown = ", ".join(wrong) or "Allow with NotAction"
            outcomes.append(fail(f"{statement.path}.Action", shown, "the actions of STS that make the role usable"))
    return all_of(outcomes)


def _assumes(action: str) -> bool:
    """Say whether an action is one of those that assume a role, or come with it."""
    return action.startswith("sts:") and not set(action) & set("*?")


def _form(view: View, path: str, *, about: str) -> Iterator[Outcome]:
    """Yield what a document's form is: `about` is the element that says what, or whom, its statements are about."""
    value = view.get(path)
    document = parse(value, path)
    if value is None or document.broken:
        yield fail(path, "not set" if value is None else "no policy document", "a policy document")
        return
    yield PASS if document.known else unknown(path, "a policy document")
    version = document.version
    if version is UNKNOWN and value is not UNKNOWN:
        yield unknown(f"{path}.Version", _VERSION)
    elif version not in (_VERSION, UNKNOWN):
        yield fail(f"{path}.Version", "another version, or none", _VERSION)
    for statement in document.statements:
        named = {
            "Resource": statement.resources or statement.not_resources,
            "Principal": statement.principals or statement.not_principals,
        }
        if not (statement.allows or statement.denies):
            yield fail(f"{statement.path}.Effect", "another word, or none", "Allow or Deny")
        if not (statement.actions or statement.not_actions):
            yield fail(f"{statement.path}.Action", "not set", "actions")
        if not named[about]:
            yield fail(f"{statement.path}.{about}", "not set", "whom or what the statement is about")
        other = "Principal" if about == "Resource" else "Resource"
        if named[other]:
            yield fail(f"{statement.path}.{other}", "an element of another kind of policy", f"no {other}")
        nameless = [action for action in (*statement.actions, *statement.not_actions) if not _names_service(action)]
        if nameless:
            yield fail(f"{statement.path}.Action", "an action without its service", "actions such as s3:GetObject")


def _names_service(action: str) -> bool:
    """Say whether an action has the form that IAM reads: a service and a name, or a bare star."""
    service, colon, name = action.partition(":")
    return set(action) == {"*"} or bool(service and colon and name)
