"""A stand-in for the awsx plugin: serves its components from their offline expansions.

The real one is a Node program that no Python registry has. Where it is on PATH the engine tests use it instead, and so
show that the expansions are right; with this one they show that the program is, on the real engine.
"""

from __future__ import annotations

from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, resource_pb2, resource_pb2_grpc

from plumbline import remote
from plumbline.graph import Options, Resource
from plumbline.wire import from_struct, to_value

VERSION = "3.11.0"


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Construct(self, request: Any, context: Any) -> Any:
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
            outputs, needs = remote.register_children(component, request.providers, "", monitor.RegisterResource)
            monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=urn))
        response = provider_pb2.ConstructResponse(urn=urn)
        for key, value in outputs.items():
            response.state.fields[key].CopyFrom(to_value(value))
            response.stateDependencies[key].urns.extend(needs[key])
        return response

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # the engine reads the port from the first line
    server.wait_for_termination()


if __name__ == "__main__":
    main()
