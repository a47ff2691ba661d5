"""IAM roles that services assume, with the permissions that edges give them (TRADING-06.6, 16.1, 16.8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.grants import Statement, policy_document
from components.naming import Naming


@dataclass(frozen=True)
class Edge:
    """A permission that a role got: what it is about and the statements. `key` names the role's policy for it."""

    key: str
    statements: tuple[Statement, ...]


class Role:
    """A role whose permissions are collected until `attach` registers them, one inline policy per resource."""

    def __init__(self, name: str, resource: aws.iam.Role, physical_name: str, parent: pulumi.Resource) -> None:
        self.name = name
        self.resource = resource
        self.physical_name = physical_name
        self._parent = parent
        self._edges: dict[str, list[Statement]] = {}
        self._policies: dict[str, aws.iam.RolePolicy] | None = None

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.resource.arn

    def allow(self, key: str, statements: Sequence[Statement]) -> Grant:
        """Add the statements of one edge. `key` names the resource: edges to the same one share a policy.

        Raises RuntimeError once the policies are registered: a later edge would be lost.
        """
        if self._policies is not None:
            raise RuntimeError(f"role {self.name}: {key}: permissions are given before attach(), not after it")
        self._edges.setdefault(key, []).extend(statements)
        return Grant(self, key)

    def edges(self) -> tuple[Edge, ...]:
        """Return what the role was granted, by resource."""
        return tuple(Edge(key, tuple(statements)) for key, statements in sorted(self._edges.items()))

    def attach(self) -> tuple[aws.iam.RolePolicy, ...]:
        """Register one inline policy per resource and return all of them. Calling it again changes nothing."""
        if self._policies is None:
            self._policies = {edge.key: self._policy(edge) for edge in self.edges()}
        return tuple(self._policies.values())

    def policy(self, key: str) -> aws.iam.RolePolicy:
        """Return the policy about one resource. Raises RuntimeError before attach()."""
        if self._policies is None:
            raise RuntimeError(f"role {self.name}: attach() comes before its policies can be depended on")
        return self._policies[key]

    def _policy(self, edge: Edge) -> aws.iam.RolePolicy:
        document = json.dumps(policy_document(edge.statements), separators=(",", ":"))
        return aws.iam.RolePolicy(
            f"{self._parent._name}-{self.name}-{edge.key}",
            name=edge.key,
            role=self.resource.name,
            policy=document,
            opts=pulumi.ResourceOptions(parent=self._parent),
        )


@dataclass(frozen=True)
class Grant:
    """The result of an edge: what a resource that needs the permission can depend on."""

    role: Role
    key: str

    @property
    def policy(self) -> aws.iam.RolePolicy:
        """The registered policy. Raises RuntimeError before the role's attach()."""
        return self.role.policy(self.key)


@dataclass(frozen=True, kw_only=True)
class RoleSpec:
    """One role: its name without the environment, and a description of at most 1,000 characters."""

    physical_name: str
    description: str


@dataclass(frozen=True, kw_only=True)
class RolesArgs:
    """The roles of one service, by logical name.

    `service` is the principal that assumes them, such as lambda.amazonaws.com; `conditions` says when it may
    (source account and ARN, for services that send them).
    """

    naming: Naming
    service: str
    roles: Mapping[str, RoleSpec]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)


class Roles(pulumi.ComponentResource):
    """One IAM role per entry, assumable by one service and nobody else.

    `roles` holds them by logical name. Call `attach` when all edges are given, before anything uses the roles.
    """

    def __init__(self, name: str, args: RolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Roles", name, None, opts)
        self.roles: Mapping[str, Role] = {role: self._role(name, role, spec, args) for role, spec in args.roles.items()}

    def attach(self) -> None:
        """Register the permissions of every role: the component's last step."""
        for role in self.roles.values():
            role.attach()
        self.register_outputs({"arns": {name: role.arn for name, role in self.roles.items()}})

    def _role(self, name: str, role: str, spec: RoleSpec, args: RolesArgs) -> Role:
        physical_name = args.naming.short("role", spec.physical_name)
        resource = aws.iam.Role(
            f"{name}-{role}",
            name=physical_name,
            description=spec.description,
            assume_role_policy=json.dumps(_trust(args), separators=(",", ":")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Role(role, resource, physical_name, self)


def _trust(args: RolesArgs) -> dict[str, object]:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"Service": args.service},
        "Action": "sts:AssumeRole",
    }
    if args.conditions:
        statement["Condition"] = {operator: dict(keys) for operator, keys in args.conditions.items()}
    return {"Version": "2012-10-17", "Statement": [statement]}
