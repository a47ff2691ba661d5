"""What the tests of the provider share: a world of their own, and a stub that talks to a provider of it over gRPC."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from plumbline.graph import Resource
from plumbline.provider.daemon import served
from plumbline.provider.world import World
from plumbline.sandbox import Sandbox
from plumbline.wire import from_struct, to_struct

ACCOUNT = "111122223333"
REGION = "eu-west-1"
QUEUE = "aws:sqs/queue:Queue"
GROUP = "aws:ec2/securityGroup:SecurityGroup"


def urn(name: str, type_: str = QUEUE) -> str:
    return f"urn:pulumi:dev::small::{type_}::{name}"


def resource(name: str, type_: str = QUEUE, /, **inputs: Any) -> Resource:
    return Resource(urn=urn(name, type_), type=type_, name=name, inputs=inputs)


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Make an empty AWS of one account and region."""
    with Sandbox() as sandbox:
        made = World(sandbox)
        given = {"region": REGION, "allowedAccountIds": f'["{ACCOUNT}"]'}
        made.configure(resource("aws", "pulumi:providers:aws", **given))
        yield made


class Asked:
    """A provider as the engine sees it: every question goes over a socket."""

    def __init__(self, stub: ResourceProviderStub) -> None:
        self.stub = stub

    def configure(self, **given: Any) -> None:
        self.stub.Configure(messages.ConfigureRequest(args=to_struct(given), acceptSecrets=True, acceptResources=True))

    def check(self, name: str, type_: str = QUEUE, before: Mapping[str, Any] | None = None, /, **inputs: Any) -> Any:
        request = messages.CheckRequest(urn=urn(name, type_), olds=to_struct(before or {}), news=to_struct(inputs))
        return self.stub.Check(request)

    def checked(self, name: str, type_: str = QUEUE, /, **inputs: Any) -> dict[str, Any]:
        answer = self.check(name, type_, **inputs)
        assert list(answer.failures) == []
        return from_struct(answer.inputs)

    def diff(self, before: Mapping[str, Any], now: Mapping[str, Any], type_: str = QUEUE) -> Any:
        request = messages.DiffRequest(
            id="x", urn=urn("x", type_), old_inputs=to_struct(before), olds=to_struct(before), news=to_struct(now)
        )
        return self.stub.Diff(request)

    def create(
        self, name: str, type_: str = QUEUE, /, *, preview: bool = False, **inputs: Any
    ) -> tuple[str, dict[str, Any]]:
        request = messages.CreateRequest(urn=urn(name, type_), properties=to_struct(inputs), preview=preview)
        answer = self.stub.Create(request)
        return answer.id, from_struct(answer.properties)

    def read(self, name: str, identity: str, state: Mapping[str, Any], type_: str = QUEUE, /, **inputs: Any) -> Any:
        return self.stub.Read(
            messages.ReadRequest(
                id=identity, urn=urn(name, type_), properties=to_struct(state), inputs=to_struct(inputs)
            )
        )

    def update(
        self,
        name: str,
        identity: str,
        state: Mapping[str, Any],
        before: Mapping[str, Any],
        now: Mapping[str, Any],
        *,
        type_: str = QUEUE,
        preview: bool = False,
    ) -> dict[str, Any]:
        request = messages.UpdateRequest(
            id=identity,
            urn=urn(name, type_),
            olds=to_struct(state),
            old_inputs=to_struct(before),
            news=to_struct(now),
            preview=preview,
        )
        return from_struct(self.stub.Update(request).properties)

    def delete(self, name: str, identity: str, type_: str = QUEUE, /, **inputs: Any) -> None:
        self.stub.Delete(
            messages.DeleteRequest(
                id=identity, urn=urn(name, type_), properties=to_struct(inputs), old_inputs=to_struct(inputs)
            )
        )

    def invoke(self, token: str, /, *, preview: bool = False, **args: Any) -> dict[str, Any]:
        answer = self.stub.Invoke(messages.InvokeRequest(tok=token, args=to_struct(args), preview=preview))
        return from_struct(getattr(answer, "return"))


@contextlib.contextmanager
def asked(of: World, package: str = "aws", directory: Path | None = None) -> Iterator[Asked]:
    """Serve a provider of a world, and return what asks it."""
    with (
        served(of, package, directory or Path.cwd()) as port,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield Asked(ResourceProviderStub(channel))


@contextlib.contextmanager
def refused() -> Iterator[list[str]]:
    """Expect that a question is refused; the list gets the one line that says why."""
    said: list[str] = []
    with pytest.raises(grpc.RpcError) as error:
        yield said
    details = getattr(error.value, "details", str)()
    assert "\n" not in details
    said.append(details)
