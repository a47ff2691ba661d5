"""What rules about identity policies share: where their documents are, and what a statement's conditions leave open."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from plumbline.graph import UNKNOWN
from policies.rules.documents import Condition, Document, Statement, parse, restricts
from policies.rules.least_privilege.actions import Action, account, has_wildcard, reaches_all
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, unknown

IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
ROLE = "aws:iam/role:Role"
USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
PERMISSION_SET = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
# Where each type has its documents; a role has its trust policy besides.
TYPES = (ROLE_POLICY, POLICY, USER_POLICY, GROUP_POLICY, ROLE, PERMISSION_SET)


def places(view: View) -> list[str] | None:
    """Return where a resource has documents, or should have them; None where that is not known."""
    if view.type == ROLE:
        inline = view.get("inlinePolicies")
        if isinstance(inline, Mapping):
            return ["inlinePolicies.policy"]  # one that is no list
        count = len(inline) if isinstance(inline, list) else 0
        return None if inline is UNKNOWN else [f"inlinePolicies.{number}.policy" for number in range(count)]
    return ["inlinePolicy" if view.type == PERMISSION_SET else "policy"]


def documents(view: View) -> list[Document]:
    """Return the documents of an identity that a resource holds."""
    paths = places(view)
    if paths is None:
        return [Document("inlinePolicies", (), known=False)]
    return [parse(value, path) for path in paths if (value := view.get(path)) is not None]


def each_allowing(view: View, expected: str, judge: Callable[[Statement], Iterable[Outcome]]) -> Outcome:
    """Judge each statement that allows something. A text that is no policy is for another rule to tell."""
    found = documents(view)
    if not found:
        return NOT_APPLICABLE
    outcomes = [PASS]
    for document in found:
        if not document.known:
            outcomes.append(unknown(document.path, expected))
        for statement in document.allowing():
            outcomes.extend(judge(statement))
    return all_of(outcomes)


def is_named(view: View, parameter: str) -> bool:
    """Say whether a resource's name is one of a parameter's patterns."""
    return any(fnmatch.fnmatchcase(view.resource.name, pattern) for pattern in view.parameters[parameter])


def several(names: Iterable[str], most: int = 4) -> str:
    """Return names to show, the first few where there are many."""
    known = list(dict.fromkeys(names))
    return ", ".join(known[:most]) + (f" and {len(known) - most} more" if len(known) > most else "")


def on_every_one(statement: Statement, action: Action) -> bool:
    """Say whether a statement is about every resource of a kind that the action can be limited to."""
    return statement.any_resource or any(
        reaches_all(resource, reach) for resource in statement.resources for reach in action.reaches
    )


def in_any_account(statement: Statement) -> bool:
    """Say whether a statement about another identity leaves open in whose account that is."""
    return any(has_wildcard(account(resource)) for resource in statement.resources)


# Keys that hold which resource a request is about, or one that it belongs to. The region, the account, the caller and
# the way that a request takes say nothing of it.
_RESOURCE_KEY = re.compile(
    r"([a-z0-9-]+:)?(resourcetag|buckettag|(cluster|db|snapshot|subgrp|pg|og|ri|es|secgrp)-tag)/.+"
)
_RESOURCE_KEYS = frozenset(
    {
        "cloudformation:stackname",
        "cloudwatch:namespace",
        "ec2:createaction",
        "ec2:subnet",
        "ec2:vpc",
        "ecs:cluster",
        "ecs:service",
        "ecs:task-definition",
        "elasticfilesystem:accesspointarn",
        "iam:awsservicename",
        "iam:permissionsboundary",
        "iam:policyarn",
        "kms:requestalias",
        "kms:resourcealiases",
        "lambda:functionarn",
        "route53:changeresourcerecordsetsnormalizedrecordnames",
        "s3:accesspointarn",
        "s3:dataaccesspointarn",
        "secretsmanager:secretid",
    }
)
_ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
_REQUEST_TAG = "aws:requesttag/"
_RESOURCE_TAG = "aws:resourcetag/"
_MAKING = re.compile(r"[a-z0-9-]+:(create|run|allocate|register|request|import|copy|restore)")


def specific(value: str) -> bool:
    """Say whether a condition's value names something: its last part is more than wildcards."""
    return re.search(r"[a-z0-9]|\$\{", re.split(r"[/:](?![^{]*\})", value.lower())[-1]) is not None


def names(condition: Condition) -> bool:
    """Say whether a condition asks for values that name something."""
    return restricts(condition) and all(specific(value) for value in condition.values)


def narrowed(statement: Statement, action: Action) -> bool:
    """Say whether a statement's conditions limit an action to certain resources, whatever its Resource says."""
    making = _MAKING.match(action.key) is not None
    tagging = action.level == "Tagging" and _only_untagged(statement.conditions)
    for condition in statement.conditions:
        if not names(condition):
            continue
        key = condition.key
        if _RESOURCE_KEY.fullmatch(key) or key in _RESOURCE_KEYS or key.startswith(_ENCRYPTION_CONTEXT):
            return True
        # What is made has no name yet, and what has no tag yet belongs to nobody: the tags that it gets decide.
        if key.startswith(_REQUEST_TAG) and (making or tagging):
            return True
    return False


def _only_untagged(conditions: Sequence[Condition]) -> bool:
    return any(
        condition.operator == "null" and condition.key.startswith(_RESOURCE_TAG) and condition.values == ("true",)
        for condition in conditions
    )
