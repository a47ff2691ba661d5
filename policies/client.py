"""Drives a pack's server as the engine does, for tests and benchmarks: no CLI is needed to ask a pack about a graph."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

from plumbline.graph import Blob, Options, Resource, StackGraph, reveal
from plumbline.wire import ARCHIVE, ASSET, SIGNATURE, from_struct, to_struct

_MOST_BYTES = 400 * 1024 * 1024  # what the engine takes for one message
_LEVELS = {
    messages.ADVISORY: "advisory",
    messages.MANDATORY: "mandatory",
    messages.DISABLED: "disabled",
    messages.REMEDIATE: "remediate",
}
_NUMBERS = {name: number for number, name in _LEVELS.items()}


@dataclass(frozen=True)
class Told:
    """What a pack reports: about which resource, at which level. `urn` is empty for the stack as a whole."""

    level: str
    policy: str
    urn: str
    message: str


class Client:
    """A connection to one pack's server."""

    def __init__(self, stub: AnalyzerStub) -> None:
        self.stub = stub

    def policies(self) -> dict[str, str]:
        """Return the levels of the pack's policies by name, as the pack declares them."""
        info = self.stub.GetAnalyzerInfo(empty_pb2.Empty())
        return {policy.name: _LEVELS[policy.enforcementLevel] for policy in info.policies}

    def configure(self, config: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
        """Say what `--policy-pack-config` does: by policy its level and its properties."""
        self.stub.Configure(
            messages.ConfigureAnalyzerRequest(
                policyConfig={
                    name: messages.PolicyConfig(enforcementLevel=_NUMBERS[level], properties=to_struct(properties))
                    for name, (level, properties) in config.items()
                }
            )
        )

    def analyze(self, resource: Resource) -> list[Told]:
        """Ask about one resource, before it is made or changed."""
        request = messages.AnalyzeRequest(
            type=resource.type,
            urn=resource.urn,
            name=resource.name,
            properties=_struct(resource.inputs),
            options=_options(resource.options),
        )
        return _told(self.stub.Analyze(request))

    def analyze_stack(self, graph: StackGraph) -> list[Told]:
        """Ask about a whole stack. Packs get the outputs of its resources."""
        rows = [
            messages.AnalyzerResource(
                type=resource.type,
                urn=resource.urn,
                name=resource.name,
                properties=_struct({**resource.inputs, **resource.outputs}),
                options=_options(resource.options),
                parent=resource.parent,
                dependencies=resource.dependencies,
                propertyDependencies={
                    key: messages.AnalyzerPropertyDependencies(urns=urns)
                    for key, urns in resource.property_dependencies.items()
                },
            )
            for resource in graph
        ]
        return _told(self.stub.AnalyzeStack(messages.AnalyzeStackRequest(resources=rows)))

    def remediate(self, resource: Resource) -> Mapping[str, Any] | None:
        """Return a resource's properties as the pack would have them, None where it changes nothing."""
        request = messages.AnalyzeRequest(
            type=resource.type, urn=resource.urn, name=resource.name, properties=_struct(resource.inputs)
        )
        changed = [row for row in self.stub.Remediate(request).remediations if row.HasField("properties")]
        return from_struct(changed[-1].properties) if changed else None

    def judge(self, graph: StackGraph) -> list[Told]:
        """Ask about each resource and then about the stack, as the engine does in a preview."""
        told = [row for resource in graph for row in self.analyze(resource)]
        return told + self.analyze_stack(graph)


@contextmanager
def serving(folder: Path) -> Iterator[Client]:
    """Run the pack of a folder in a process of its own. Raises RuntimeError with its output where it does not start."""
    process = subprocess.Popen(
        [sys.executable, "-u", "."], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(process.stderr.read().strip())
        options = [("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            yield Client(AnalyzerStub(channel))
    finally:
        process.kill()
        process.communicate()


def _options(options: Options) -> messages.AnalyzerResourceOptions:
    return messages.AnalyzerResourceOptions(
        protect=options.protect,
        ignoreChanges=options.ignore_changes,
        deleteBeforeReplace=options.delete_before_replace,
        deleteBeforeReplaceDefined=options.delete_before_replace,
        additionalSecretOutputs=options.additional_secret_outputs,
        aliases=options.aliases,
    )


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    # The engine gives packs the values of secrets.
    return to_struct({key: _sent(reveal(value)) for key, value in properties.items()})


def _sent(value: Any) -> Any:
    if isinstance(value, Blob):
        content = {"text": ""} if value.kind == "asset" else {"assets": {}}
        return {SIGNATURE: ASSET if value.kind == "asset" else ARCHIVE, "hash": value.digest, **content}
    if isinstance(value, Mapping):
        return {key: _sent(item) for key, item in value.items()}
    return [_sent(item) for item in value] if isinstance(value, list | tuple) else value


def _told(response: messages.AnalyzeResponse) -> list[Told]:
    return [Told(_LEVELS[row.enforcementLevel], row.policyName, row.urn, row.message) for row in response.diagnostics]
