"""The sandbox as a Pulumi resource provider: what the engine asks of pulumi-aws, and of awsx, over gRPC.

Values go through as they came, so what is unknown or secret stays so. What AWS refuses becomes one line; a failure of
the provider's own tells its type and no value, which may be a secret.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import re
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, resource_pb2, resource_pb2_grpc

from plumbline import remote, sdk
from plumbline.constraints import Problem, check_alone
from plumbline.expansions import NotExpanded
from plumbline.graph import Blob, Options, Resource, Secret, walk
from plumbline.invokes import answer
from plumbline.monitor import DeployError
from plumbline.provider import inputs as declared
from plumbline.provider.world import World
from plumbline.wire import from_struct, to_struct, to_value

LOG = logging.getLogger(__name__)
# What the engine asks a plugin for by the name of its package.
_VERSIONS = {"aws": "pulumi-aws", "awsx": "pulumi-awsx"}
_KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class _Refused(Exception):
    """A call that cannot be answered; the text is one line for the user."""


def _told(method: Callable[..., Any]) -> Callable[..., Any]:
    """End a call that fails with one line, and keep what must not be shown out of it."""

    @functools.wraps(method)
    def guarded(self: Provider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request)
        except (DeployError, NotExpanded, _Refused) as error:
            _abort(context, grpc.StatusCode.UNKNOWN, str(error))
        except grpc.RpcError as error:
            # The engine itself refused what a component registers, and has told why.
            _abort(context, grpc.StatusCode.UNKNOWN, str(getattr(error, "details", lambda: "")() or "refused"))
        except Exception as error:
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else ""
            LOG.error("%s: %s at %s", method.__name__, type(error).__name__, where)
            _abort(context, grpc.StatusCode.INTERNAL, f"the sandbox's provider failed ({type(error).__name__})")

    return guarded


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, line: str) -> NoReturn:
    context.abort(code, " ".join(line.split()))
    raise AssertionError("abort raises")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider of the engine's: a configuration of its own, and the world that all of them share.

    `directory` is where the program runs: relative paths of its files count from there.
    """

    def __init__(self, world: World, package: str, directory: Path) -> None:
        self._world = world
        self._package = package
        self._directory = directory
        self._configured: Resource | None = None

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version(_VERSIONS[self._package]))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    @_told
    def DiffConfig(self, request: Any) -> Any:
        before, now = from_struct(request.olds), from_struct(request.news)
        paths = [found.text for found in declared.differing("pulumi:providers:aws", before, now)]
        # Another region or account is another place: what is in this one cannot be changed from there.
        moved = [path for path in paths if path.partition(".")[0] in ("region", "allowedAccountIds")]
        return _diff_response(paths, moved)

    @_told
    def Configure(self, request: Any) -> Any:
        given = from_struct(request.args)
        name = request.name or "aws"
        self._configured = Resource(urn=request.urn, type="pulumi:providers:aws", name=name, inputs=given)
        if self._package == "aws":
            self._world.configure(self._configured)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    @_told
    def Check(self, request: Any) -> Any:
        resource = self._resource(request.urn, request.news)
        inputs = struct_pb2.Struct()
        inputs.CopyFrom(request.news)
        if declared.takes_made_up_name(resource):
            kept = declared.kept_name(from_struct(request.olds), resource.inputs)
            inputs["name"] = kept or self._world.made_up_name(resource)
            inputs.get_or_create_list(declared.DEFAULTS).append("name")
        failures = [_failure(problem) for problem in check_alone(self._resource(request.urn, inputs))]
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    @_told
    def Diff(self, request: Any) -> Any:
        type_ = request.urn.split("::")[2].rpartition("$")[2]
        before, now = from_struct(request.old_inputs), from_struct(request.news)
        found = list(declared.differing(type_, before, now))
        response = _diff_response(
            [difference.text for difference in found], [difference.text for difference in found if difference.replaces]
        )
        for difference in found:
            response.detailedDiff[difference.text].CopyFrom(
                provider_pb2.PropertyDiff(kind=_KINDS[difference.kind, difference.replaces], inputDiff=True)
            )
        response.hasDetailedDiff = True
        response.deleteBeforeReplace = bool(response.replaces) and declared.must_go_first(type_, before, now)
        return response

    @_told
    def Create(self, request: Any) -> Any:
        resource = self._resource(request.urn, request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=_over(to_struct(declared.unknown_outputs(resource.type)), request.properties)
            )
        identity, outputs = self._world.create(self._placed(resource))
        # pulumi-aws tells the id among the outputs too, and policies have it from nowhere else.
        properties = _with_outputs(request.properties, {**outputs, "id": identity})
        return provider_pb2.CreateResponse(id=identity, properties=properties)

    @_told
    def Read(self, request: Any) -> Any:
        # Without inputs it is asked for what no program has declared: an import, or `Resource.get`.
        given = request.inputs if request.inputs.fields else request.properties
        resource = self._resource(request.urn, given)
        now = self._world.read(self._placed(resource), request.id)
        if now is None:
            return provider_pb2.ReadResponse()
        inputs = struct_pb2.Struct()
        for key in (*given.fields, *now):
            if key in resource.inputs and resource.inputs[key] == now.get(key):
                inputs.fields[key].CopyFrom(given.fields[key])
            elif key in now:
                inputs.fields[key].CopyFrom(to_value(_like(resource.inputs.get(key), now[key])))
            elif key == declared.DEFAULTS:
                inputs.fields[key].CopyFrom(given.fields[key])
        state = struct_pb2.Struct()
        for key, value in request.properties.fields.items():
            if key not in given.fields:
                state.fields[key].CopyFrom(value)
        state["id"] = request.id
        return provider_pb2.ReadResponse(id=request.id, properties=_over(state, inputs), inputs=inputs)

    @_told
    def Update(self, request: Any) -> Any:
        before, now = self._resource(request.urn, request.old_inputs), self._resource(request.urn, request.news)
        computed = {key: value for key, value in from_struct(request.olds).items() if key not in before.inputs}
        before = dataclasses.replace(before, outputs=computed)
        if request.preview:
            known = declared.outputs_before_update(now.type, computed, now.inputs)
            return provider_pb2.UpdateResponse(properties=_over(to_struct(known), request.news))
        outputs = self._world.update(self._placed(before), self._placed(now), request.id)
        fresh = {key: value for key, value in outputs.items() if key not in now.inputs}
        return provider_pb2.UpdateResponse(properties=_with_outputs(request.news, fresh))

    @_told
    def Delete(self, request: Any) -> Any:
        given = request.old_inputs if request.old_inputs.fields else request.properties
        self._world.delete(self._placed(self._resource(request.urn, given)), request.id)
        return empty_pb2.Empty()

    @_told
    def Invoke(self, request: Any) -> Any:
        answered = answer(request.tok, from_struct(request.args), self._configured)
        if answered is None:
            raise _Refused(f"{request.tok}: nothing answers it in the sandbox; put its result into the settings")
        if not request.preview:
            self._world.found(request.tok, answered)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(answered))  # a keyword of Python's
        return response

    @_told
    def Construct(self, request: Any) -> Any:
        if not remote.is_expanded(request.type):
            raise _Refused(f"{request.type}: the sandbox has no expansion of this component")
        with grpc.insecure_channel(request.monitorEndpoint) as channel:
            monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
            own = resource_pb2.RegisterResourceRequest(
                type=request.type, name=request.name, parent=request.parent, acceptSecrets=True, acceptResources=True
            )
            urn = monitor.RegisterResource(own).urn
            component = Resource(
                urn=urn,
                type=request.type,
                name=request.name,
                custom=False,
                inputs=from_struct(request.inputs),
                property_dependencies={key: tuple(value.urns) for key, value in request.inputDependencies.items()},
                options=Options(protect=request.protect, retain_on_delete=request.retainOnDelete),
            )
            outputs, needs = remote.register_children(
                component, request.providers, self._world.region, monitor.RegisterResource
            )
            monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=urn))
        response = provider_pb2.ConstructResponse(urn=urn)
        for key, value in outputs.items():
            response.state.fields[key].CopyFrom(to_value(value))
            response.stateDependencies[key].urns.extend(needs[key])
        return response

    def Cancel(self, request: Any, context: Any) -> Any:
        # No call waits for anything: each that runs is done in a moment, and what it made is told.
        return empty_pb2.Empty()

    def _resource(self, urn: str, inputs: struct_pb2.Struct) -> Resource:
        parts = urn.split("::")
        return Resource(
            urn=urn,
            type=parts[2].rpartition("$")[2],
            name=parts[3],
            inputs={key: _anchored(value, self._directory) for key, value in from_struct(inputs).items()},
            source=parts[3],
        )

    def _placed(self, resource: Resource) -> Resource:
        """Return the resource with this provider's region, where the world's own is another."""
        region = self._configured.get("region") if self._configured is not None else None
        if not isinstance(region, str) or region == self._world.region or resource.get("region") is not None:
            return resource
        known = sdk.inputs_of(resource.type)
        if known is None or "region" not in known.properties:
            return resource
        return dataclasses.replace(resource, inputs={**resource.inputs, "region": region})


def _failure(problem: Problem) -> Any:
    """Return what the engine is told. It prints the value of the property that it is told, so that of no secret is."""
    top = re.split(r"[.\[]", problem.path, maxsplit=1)[0]
    if any(isinstance(leaf, Secret) for _, leaf in walk(problem.resource.inputs.get(top))):
        return provider_pb2.CheckFailure(reason=f"{problem.path}: {problem.message}")
    return provider_pb2.CheckFailure(property=problem.path, reason=problem.message)


def _diff_response(paths: list[str], replacing: list[str]) -> Any:
    changes = provider_pb2.DiffResponse.DIFF_SOME if paths else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=changes, diffs=paths, replaces=replacing)


def _over(below: struct_pb2.Struct, above: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return the properties of both: those above as they came, with their marks."""
    for key, value in above.fields.items():
        if key != declared.DEFAULTS:
            below.fields[key].CopyFrom(value)
    return below


def _with_outputs(inputs: struct_pb2.Struct, outputs: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return a resource's state: its inputs, and what AWS says besides. What is secret as an input stays secret."""
    given = from_struct(inputs)
    state = _over(struct_pb2.Struct(), inputs)
    for key, value in outputs.items():
        state.fields[key].CopyFrom(to_value(_like(given.get(key), value)))
    return state


def _like(given: Any, value: Any) -> Any:
    hidden = any(isinstance(leaf, Secret) for _, leaf in walk(given)) and not isinstance(value, Secret)
    return Secret(value) if hidden else value


def _anchored(value: Any, directory: Path) -> Any:
    """Return a value in which the paths of files and archives begin at the root."""
    if isinstance(value, Blob) and value.content is not None:
        content = dict(value.content)
        if isinstance(content.get("path"), str):
            content["path"] = str(directory / content["path"])
        if isinstance(content.get("assets"), Mapping):
            content["assets"] = {key: _anchored(item, directory) for key, item in content["assets"].items()}
        return Blob(value.digest, value.kind, content)
    if isinstance(value, Secret):
        return Secret(_anchored(value.value, directory))
    if isinstance(value, Mapping):
        return {key: _anchored(item, directory) for key, item in value.items()}
    return [_anchored(item, directory) for item in value] if isinstance(value, list) else value
