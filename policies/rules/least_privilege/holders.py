"""Which policies an identity has: its own documents, those that name it, and customer-managed ones attached to it."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from plumbline.graph import UNKNOWN, urn_type
from policies.rules.documents import Document
from policies.rules.least_privilege.statements import (
    GROUP,
    GROUP_POLICY,
    POLICY,
    ROLE,
    ROLE_POLICY,
    USER,
    USER_POLICY,
    documents,
)
from policies.rules.model import Estate, View

ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
USER_ATTACHMENT = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
GROUP_ATTACHMENT = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"
# The type of a policy or attachment, the property that names its identity, and that identity's type.
_INLINE = ((ROLE_POLICY, "role", ROLE), (USER_POLICY, "user", USER), (GROUP_POLICY, "group", GROUP))
_ATTACHED = (
    (ROLE_ATTACHMENT, "role", ROLE),
    (USER_ATTACHMENT, "user", USER),
    (GROUP_ATTACHMENT, "group", GROUP),
    (ATTACHMENT, "roles", ROLE),
    (ATTACHMENT, "users", USER),
    (ATTACHMENT, "groups", GROUP),
)


@dataclass
class Holdings:
    """The policies and attachments of a stack by their identities' URNs, found once for a stack."""

    inline: dict[str, list[View]] = field(default_factory=dict)
    attachments: dict[str, list[View]] = field(default_factory=dict)

    def of(self, view: View) -> list[tuple[str, Document]]:
        """Return an identity's documents with the names of the policies that they are of."""
        urn = view.resource.urn
        inline = view.type == ROLE and written(view, "inlinePolicies")
        found = [(view.resource.name, each) for each in documents(view)] if inline else []
        for policy in self.inline.get(urn, ()):
            found += [(policy.resource.name, each) for each in documents(policy)]
        attached = [policy for link in self.attachments.get(urn, ()) for policy in policies(link, "policyArn")]
        if view.type == ROLE:
            attached += policies(view, "managedPolicyArns")
        for policy in {policy.resource.urn: policy for policy in attached}.values():
            found += [(policy.resource.name, each) for each in documents(policy)]
        return found


def written(view: View, path: str) -> bool:
    """Say whether the program sets a property, also to what is not known yet."""
    return path in view.resource.property_dependencies or view.get(path) is not None


_KNOWN: weakref.WeakKeyDictionary[Estate, Holdings] = weakref.WeakKeyDictionary()


def holdings(view: View) -> Holdings:
    """Return the holdings of the stack that a view looks at."""
    estate = view.stack
    if estate not in _KNOWN:
        found = Holdings()
        for rows, place in ((_INLINE, found.inline), (_ATTACHED, found.attachments)):
            for type_, path, owner_type in rows:
                by_name = _by_name(view, owner_type)
                for each in view.of_type(type_):
                    for urn in _owners(each, path, owner_type, by_name):
                        place.setdefault(urn, []).append(each)
        _KNOWN[estate] = found
    return _KNOWN[estate]


def _by_name(view: View, type_: str) -> dict[str, str]:
    """Return the URNs of identities by the names that others may call them by."""
    named: dict[str, str] = {}
    for owner in view.of_type(type_):
        resource = owner.resource
        for name in (resource.inputs.get("name"), resource.outputs.get("name"), resource.id):
            if isinstance(name, str) and name:
                named[name] = resource.urn
    return named


def _owners(each: View, path: str, type_: str, by_name: dict[str, str]) -> Iterator[str]:
    """Yield the URNs of the identities that a property names: by name, else by what it depends on."""
    given = each.items(path)
    if given is None or any(item is UNKNOWN for item in given):
        leads_to = each.resource.property_dependencies.get(path, ())
        yield from (urn for urn in leads_to if urn_type(urn) == type_)
    yield from (by_name[item] for item in given or () if isinstance(item, str) and item in by_name)


def policies(view: View, path: str) -> list[View]:
    """Return the customer-managed policies of the stack that a property refers to."""
    estate = view.estate
    found: list[View] = []
    for urn in view.resource.property_dependencies.get(path, ()):
        resource = estate.find(urn) if estate is not None and urn_type(urn) == POLICY else None
        if resource is not None:
            found.append(replace(view, resource=resource))
    given = [item for item in view.items(path) or () if isinstance(item, str)]
    return found + [policy for policy in view.of_type(POLICY) if given and _arn(policy) in given]


def _arn(policy: View) -> str | None:
    """Return a policy's ARN, which is also its id."""
    resource = policy.resource
    names = (resource.outputs.get("arn"), resource.id, resource.inputs.get("arn"))
    return next((name for name in names if isinstance(name, str) and name), None)
