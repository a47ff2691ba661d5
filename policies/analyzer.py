"""Answers the engine like pulumi-policy, but reads a request once for all policies of a pack.

pulumi-policy reads a resource, and a whole stack, anew for each policy, which takes several times as long as all rules
together. The engine sees no difference: levels, config and reports are pulumi-policy's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
    policy,
)

from policies import engine

_BASE: Any = policy._PolicyAnalyzerServicer


class Analyzer(_BASE):
    """What serves a pack. Its policies are synchronous and never raise: an unknown is a value to them."""

    def __init__(self, name: str, version: str, policies: list[Policy], *more: Any) -> None:
        super().__init__(name, version, policies, *more)
        self._policies = policies

    def Analyze(self, request: Any, _context: Any) -> Any:
        response = messages.AnalyzeResponse()
        props, options = engine.Plain(engine.read(request.properties)), self._get_resource_options(request)
        for each, report in self._reporting(response, ResourceValidationPolicy):
            if each.has_validation():
                given = self._get_policy_config(each.name)
                args = ResourceValidationArgs(request.type, props, request.urn, request.name, options, None, given)
                each.validate(args, report)
        return response

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:
        response = messages.AnalyzeResponse()
        resources = self._resources(request)
        for each, report in self._reporting(response, StackValidationPolicy):
            each.validate(StackValidationArgs(resources, self._get_policy_config(each.name)), report)
        return response

    def _reporting(self, response: Any, kind: type[Policy]) -> Any:
        """Yield the enabled policies of a kind, each with what takes its reports."""
        for each in self._policies:
            level = self._get_enforcement_level(each)
            if level is EnforcementLevel.DISABLED or not isinstance(each, kind):
                continue
            if level is EnforcementLevel.REMEDIATE:
                level = EnforcementLevel.MANDATORY  # what a remediation leaves behind
            yield each, self._create_report_violation(response, each.name, each.description, level, each.severity)

    def _resources(self, request: Any) -> engine.Shown:
        found: dict[str, PolicyResource] = {}
        for row in request.resources:
            props, options = engine.Plain(engine.read(row.properties)), self._get_resource_options(row)
            found[row.urn] = PolicyResource(row.type, props, row.urn, row.name, options, None, None, [], {})
        for row in request.resources:
            resource = found[row.urn]
            resource.parent = found.get(row.parent)
            resource.dependencies = _known(found, row.dependencies)
            resource.property_dependencies = {
                key: _known(found, given.urns) for key, given in row.propertyDependencies.items()
            }
        return engine.Shown(found.values())


def _known(found: Mapping[str, PolicyResource], urns: Any) -> list[PolicyResource]:
    return [found[urn] for urn in urns if urn in found]


def serve(name: str, policies: list[Policy]) -> None:
    """Serve a pack until the engine ends it."""
    policy._PolicyAnalyzerServicer = Analyzer  # what PolicyPack makes its server with
    PolicyPack(name, policies)
