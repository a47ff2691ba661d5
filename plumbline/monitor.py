"""The strict monitor: stands in for the Pulumi engine and records whole registration requests.

Pulumi's own MockMonitor loses parents, options and dependencies and runs no transforms; this one keeps all of
it, runs transforms through the SDK's own callbacks, and answers either as a real preview does (what only AWS
decides stays unknown) or, in "up" mode, with what a deployer says.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import alias_pb2, callback_pb2, provider_pb2, resource_pb2

from plumbline import aliases, remote
from plumbline.expansions import NotExpanded
from plumbline.graph import Blob, Options, Resource, StackGraph, in_order, walk
from plumbline.wire import from_struct, to_struct, to_value

STACK_TYPE = "pulumi:pulumi:Stack"
_GET_RESOURCE = "pulumi:pulumi:getResource"


class Deployer(Protocol):
    """What answers registrations and invokes in "up" mode (the sandbox).

    `parallel` is the number of registrations that are on their way at a time. It makes one resource after another.
    """

    @property
    def parallel(self) -> int: ...

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        """Make the resource and return its id and outputs. Raises DeployError."""
        ...

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        """Take note of what a provider function found: it exists, though the program did not make it."""
        ...


class DeployError(Exception):
    """A resource that could not be made; the text is one line for the user."""


class Invokes(Protocol):
    def __call__(self, token: str, args: Mapping[str, Any], provider: Resource | None) -> Mapping[str, Any] | None:
        """Answer a provider function, None where it is not known."""
        ...


class StrictMonitor(MockMonitor):
    """Records every request of one program run. `mistakes` are the program's, one line each."""

    def __init__(
        self, stack: str, project: str, root: Path, invokes: Invokes, deployer: Deployer | None = None
    ) -> None:
        # Without MockMonitor's constructor, which only sets up the mocks that this class replaces.
        self._stack = stack
        self._project = project
        self._root = root.as_uri()
        self._invokes = invokes
        self._deployer = deployer
        self._resources: dict[str, Resource] = {}
        self._transforms: dict[str, list[callback_pb2.Callback]] = {}
        self._stack_callbacks: list[callback_pb2.Callback] = []
        self._lock = threading.Lock()
        self._failed: set[str] = set()
        self.outputs: dict[str, Any] = {}
        self.mistakes: list[str] = []

    def graph(self) -> StackGraph:
        return StackGraph(self._stack, self._project, in_order(self._resources), dict(self.outputs))

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        # The engine leaves the root stack's type out of its children's URNs; the mock monitor does not.
        return aliases.urn_of(f"{self._stack}::{self._project}", parent, type_, name)

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        where = _source(request, self._root)
        self._transform(request)
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent="" if request.parent.split("::")[2:3] == [STACK_TYPE] else request.parent,
            custom=request.custom,
            inputs=from_struct(request.object),
            dependencies=tuple(sorted(request.dependencies)),
            property_dependencies={
                key: tuple(sorted(value.urns)) for key, value in sorted(request.propertyDependencies.items())
            },
            options=_options(request, (self._stack, self._project)),
            source=where,
        )
        response = self._answer(request, resource)
        if request.remote:
            self._expand(request, resource, response)
        return response

    def _expand(self, request: resource_pb2.RegisterResourceRequest, component: Resource, response: Any) -> None:
        """Register what the remote component's plugin would, and answer with the component's outputs."""
        if not remote.is_expanded(component.type):
            self.mistakes.append(f"{component.source}: {component.display}: no offline expansion of this component")
            return
        provider = self._provider(request.providers.get("aws", ""))
        found = provider.get("region") if provider else None
        region = found if isinstance(found, str) else ""
        try:
            outputs, needs = remote.register_children(
                component, request.providers, region, self.RegisterResource, request.sourcePosition
            )
        except NotExpanded as error:
            self.mistakes.append(f"{component.source}: {component.display}: {error}")
            return
        remote.write_outputs(response, outputs, needs)
        # The plugin registers the component once more without inputs, and that registration is the one that counts.
        with self._lock:
            self._resources[component.urn] = dataclasses.replace(
                component, inputs={}, property_dependencies={}, dependencies=component.dependencies
            )

    def _provider(self, reference: str) -> Resource | None:
        """Return the provider that a reference, URN::ID, names."""
        return self._resources.get(reference.rpartition("::")[0])

    def _answer(self, request: resource_pb2.RegisterResourceRequest, resource: Resource) -> Any:
        with self._lock:
            if resource.urn in self._resources:
                first = self._resources[resource.urn].source
                self.mistakes.append(f"{resource.source}: {resource.display}: registered twice, first at {first}")
            self._resources[resource.urn] = resource
            response = resource_pb2.RegisterResourceResponse(urn=resource.urn)
            if resource.custom:
                response.object.CopyFrom(request.object)
                if self._deployer is not None:
                    self._deploy(self._deployer, resource, response)
            return response

    def _deploy(self, deployer: Deployer, resource: Resource, response: Any) -> None:
        if self._failed.intersection((*resource.dependencies, resource.parent)):
            # What it needs was not made. Its own failure would only hide the cause.
            self._failed.add(resource.urn)
            response.result = resource_pb2.Result.FAIL
            return
        try:
            identity, outputs = deployer.create(resource)
        except DeployError as error:
            self._failed.add(resource.urn)
            self.mistakes.append(f"{resource.source}: {resource.display}: {error}")
            response.result = resource_pb2.Result.FAIL
            return
        response.id = identity
        for key, value in outputs.items():
            response.object.fields[key].CopyFrom(to_value(value))
        self._resources[resource.urn] = _made(resource, identity, outputs)

    def _transform(self, request: resource_pb2.RegisterResourceRequest) -> None:
        """Run the resource's own transforms, then its parents', then the stack's, as the engine does."""
        urn = self.make_urn(request.parent, request.type, request.name)
        own = list(request.transforms)
        if own:
            self._transforms[urn] = own
        callbacks = list(own)
        parent = request.parent
        while parent and parent.split("::")[2] != STACK_TYPE:
            callbacks += self._transforms.get(parent, [])
            parent = self._resources[parent].parent if parent in self._resources else ""
        for callback in callbacks + self._stack_callbacks:
            _run_transform(callback, request)

    def RegisterStackTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:
        self._stack_callbacks.append(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:
        self.mistakes.append("invoke transforms are not run offline")
        return empty_pb2.Empty()

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        outputs = from_struct(request.outputs)
        with self._lock:
            known = self._resources.get(request.urn)
            if known is None:
                self.outputs = outputs
            else:
                self._resources[request.urn] = _made(known, known.id, outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        if request.tok == _GET_RESOURCE:
            return self._state(from_struct(request.args)["urn"])
        provider = self._provider(request.provider)
        answer = self._invokes(request.tok, from_struct(request.args), provider)
        if answer is None:
            self.mistakes.append(f"{request.tok}: nothing answers it offline; put its result into the settings")
            failure = provider_pb2.CheckFailure(property="", reason=f"{request.tok} is not answered offline")
            return resource_pb2.ResourceInvokeResponse(failures=[failure])
        if self._deployer is not None:
            self._deployer.found(request.tok, answer)
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(answer))  # a keyword of Python's
        return response

    def _state(self, urn: str) -> resource_pb2.ResourceInvokeResponse:
        """Answer for a resource that the program holds by reference: an output of a remote component."""
        known = self._resources[urn]
        # An empty id is how the engine says that there is none yet.
        state = {key: value for key, value in {**known.inputs, **known.outputs}.items() if not _has_blob(value)}
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(to_struct({"urn": urn, "id": known.id, "state": state}))
        return response

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        self.mistakes.append(
            f"{request.type} {request.name}: reads an existing resource, which is not possible offline"
        )
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=struct_pb2.Struct())


def _has_blob(value: Any) -> bool:
    return any(isinstance(leaf, Blob) for _, leaf in walk(value))


def _made(resource: Resource, identity: str, outputs: Mapping[str, Any]) -> Resource:
    return dataclasses.replace(resource, id=identity, outputs=dict(outputs))


def _source(request: resource_pb2.RegisterResourceRequest, root: str) -> str:
    """Return "file:line" of the registration; files outside the project by their name alone."""
    uri, line = request.sourcePosition.uri, request.sourcePosition.line
    if not uri:
        return "program"
    inside = uri.startswith(root)
    return f"{uri.removeprefix(root).lstrip('/') if inside else uri.rpartition('/')[2]}:{line}"


def _options(request: resource_pb2.RegisterResourceRequest, home: tuple[str, str]) -> Options:
    return Options(
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(sorted(request.additionalSecretOutputs)),
        aliases=tuple(alias.urn or _former(request, alias.spec, home) for alias in request.aliases),
        provider=request.provider,
        import_id=request.importId,
    )


def _former(request: resource_pb2.RegisterResourceRequest, spec: alias_pb2.Alias.Spec, home: tuple[str, str]) -> str:
    """Return the URN that an alias gives the resource: what the alias leaves out is as it is now."""
    parent = spec.parentUrn or ("" if spec.noParent else request.parent)
    stack, project = spec.stack or home[0], spec.project or home[1]
    return aliases.urn_of(f"{stack}::{project}", parent, spec.type or request.type, spec.name or request.name)


def _run_transform(callback: callback_pb2.Callback, request: resource_pb2.RegisterResourceRequest) -> None:
    """Call one transform as the engine would and write what it returns into the request."""
    for servicer in _CallbackServicer._servicers:
        function = servicer._callbacks.get(callback.token)
        if function is not None:
            break
    else:
        raise RuntimeError(f"transform {callback.token} is not registered with this process")
    asked = resource_pb2.TransformRequest(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        properties=request.object,
        options=_transform_options(request),
    )
    # The monitor runs in a worker thread; the callback belongs to the program's event loop.
    answered = asyncio.run_coroutine_threadsafe(_call(function, asked), servicer._loop).result()
    request.object.CopyFrom(answered.properties)
    if answered.HasField("options"):
        _apply_options(answered.options, request)


async def _call(function: Any, asked: resource_pb2.TransformRequest) -> Any:
    return await function(asked.SerializeToString())


def _transform_options(request: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformResourceOptions:
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        additional_secret_outputs=request.additionalSecretOutputs,
        aliases=request.aliases,
        provider=request.provider,
        providers=request.providers,
        version=request.version,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
    )
    if request.protect:
        options.protect = True
    if request.retainOnDelete:
        options.retain_on_delete = True
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _apply_options(
    options: resource_pb2.TransformResourceOptions, request: resource_pb2.RegisterResourceRequest
) -> None:
    for source, target in (
        ("depends_on", "dependencies"),
        ("ignore_changes", "ignoreChanges"),
        ("replace_on_changes", "replaceOnChanges"),
        ("additional_secret_outputs", "additionalSecretOutputs"),
        ("aliases", "aliases"),
    ):
        field = getattr(request, target)
        del field[:]
        field.extend(getattr(options, source))
    request.provider = options.provider
    request.protect = options.protect
    request.retainOnDelete = options.retain_on_delete
    if options.HasField("delete_before_replace"):
        request.deleteBeforeReplace = options.delete_before_replace
