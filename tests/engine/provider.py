"""A stand-in for the AWS provider, so that the real engine previews without plugin, network or account.

It answers as the provider does in a preview of an empty stack: inputs are echoed, everything else is unknown.
"""

from __future__ import annotations

from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from plumbline import sdk
from plumbline.graph import UNKNOWN
from plumbline.invokes import answer
from plumbline.wire import from_struct, to_struct


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="7.51.1")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Create(self, request: Any, context: Any) -> Any:
        assert request.preview, "the stand-in only previews"
        # The provider knows of no property that AWS may fill in whether it will: all that is not set is unknown.
        token = request.urn.split("::")[2].rpartition("$")[2]
        properties = to_struct(dict.fromkeys(sdk.output_types(token), UNKNOWN))
        properties.MergeFrom(request.properties)
        return provider_pb2.CreateResponse(properties=properties)

    def Invoke(self, request: Any, context: Any) -> Any:
        answered = answer(request.tok, from_struct(request.args), None)
        if answered is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, request.tok)
        return provider_pb2.InvokeResponse(**{"return": to_struct(answered or {})})

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
