"""A WebSocket API whose routes one function answers, and which its functions can send messages through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.api_stage import Throttle, access_log_format
from components.functions import Function
from components.naming import Naming
from components.roles import Grant, Role

SERVICE = "apigateway.amazonaws.com"
CONNECT, DISCONNECT, DEFAULT = "$connect", "$disconnect", "$default"
_TIMEOUT_MS = 29_000  # the longest that API Gateway waits
_API_KEY = "route.request.querystring.{name}"


@dataclass(frozen=True, kw_only=True)
class WebSocketApiArgs:
    """One API with one stage.

    `name` is the API's, without the environment. A message is routed by its field `action`: `actions` are those that
    have a route, beside connecting, disconnecting and all else. A client brings its API key in the query parameter
    `key_parameter`, since browsers cannot set headers on a WebSocket. `throttle` holds for all clients together.
    """

    account: Account
    naming: Naming
    name: str
    stage: str
    actions: Sequence[str]
    key_parameter: str
    throttle: Throttle
    log_retention_days: int

    @property
    def routes(self) -> tuple[str, ...]:
        """The keys of all routes."""
        return (CONNECT, DISCONNECT, DEFAULT, *self.actions)


class WebSocketApi(pulumi.ComponentResource):
    """A WebSocket API that functions know before they exist: `serve` puts one of them behind its routes, once.

    `endpoint` is the address of the calls that send messages to clients, `url` what clients connect to; both are known
    before the API is served. `stage` is the aws.apigatewayv2.Stage, None until then.
    """

    def __init__(self, name: str, args: WebSocketApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:WebSocketApi", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.apigatewayv2.Api(
            f"{name}-api",
            name=args.naming.exact("api", args.name),
            description="Events for connected clients",
            protocol_type="WEBSOCKET",
            route_selection_expression="$request.body.action",
            # The authorizer says which key a client brings; API Gateway looks the key up in its usage plan.
            api_key_selection_expression="$context.authorizer.usageIdentifierKey",
            opts=self._child,
        )
        self.api_id = self.resource.id
        host = args.account.service_host("execute-api")
        place = pulumi.Output.concat(self.api_id, ".", host, "/", args.stage)
        self.endpoint = pulumi.Output.concat("https://", place)
        self.url = pulumi.Output.concat("wss://", place)
        self.stage: aws.apigatewayv2.Stage | None = None

    def grant_post(self, role: Role) -> Grant:
        """Let a role send messages to connected clients."""
        return role.allow("connections", grants.post_to_connections(self._args.account, self._args.stage))

    def serve(self, function: Function) -> aws.apigatewayv2.Stage:
        """Register the routes, which the function's live alias answers and authorizes, and the stage.

        Raises RuntimeError when the API is served already.
        """
        if self.stage is not None:
            raise RuntimeError(f"{self._prefix}: served already; an API has one function")
        permission = aws.lambda_.Permission(
            f"{self._prefix}-permission",
            action="lambda:InvokeFunction",
            function=function.alias.function_name,
            qualifier=function.alias.name,
            principal=SERVICE,
            source_account=self._args.account.account_id,
            # Routes and authorizer alike.
            source_arn=pulumi.Output.concat(self.resource.execution_arn, "/*"),
            opts=self._child,
        )
        routes = self._routes(function)
        self.stage = self._stage(permission, routes)
        self.register_outputs({"api": self.api_id, "url": self.url})
        return self.stage

    def _routes(self, function: Function) -> list[aws.apigatewayv2.Route]:
        integration = aws.apigatewayv2.Integration(
            f"{self._prefix}-integration",
            api_id=self.api_id,
            integration_type="AWS_PROXY",
            integration_method="POST",  # how Lambda is called
            integration_uri=function.alias.invoke_arn,
            timeout_milliseconds=_TIMEOUT_MS,
            opts=self._child,
        )
        authorizer = aws.apigatewayv2.Authorizer(
            f"{self._prefix}-authorizer",
            api_id=self.api_id,
            name="api-key",
            authorizer_type="REQUEST",
            authorizer_uri=function.alias.invoke_arn,
            identity_sources=[_API_KEY.format(name=self._args.key_parameter)],
            opts=self._child,
        )
        routes = []
        for key in self._args.routes:
            opens = key == CONNECT
            routes.append(
                aws.apigatewayv2.Route(
                    f"{self._prefix}-{key.strip('$')}",
                    api_id=self.api_id,
                    route_key=key,
                    target=pulumi.Output.concat("integrations/", integration.id),
                    # A connection is authorized when it is opened; what comes over it after that cannot be.
                    authorization_type="CUSTOM" if opens else "NONE",
                    authorizer_id=authorizer.id if opens else None,
                    api_key_required=opens,
                    opts=self._child,
                )
            )
        return routes

    def _stage(
        self, permission: aws.lambda_.Permission, routes: Sequence[aws.apigatewayv2.Route]
    ) -> aws.apigatewayv2.Stage:
        log = aws.cloudwatch.LogGroup(
            f"{self._prefix}-access-log",
            name=f"/aws/apigateway/{self._args.naming.exact('log_group', self._args.name)}",
            retention_in_days=self._args.log_retention_days,
            opts=self._child,
        )
        return aws.apigatewayv2.Stage(
            f"{self._prefix}-stage",
            api_id=self.api_id,
            name=self._args.stage,
            auto_deploy=True,  # each change of a route is served without a deployment of its own
            access_log_settings={"destination_arn": log.arn, "format": access_log_format("websocket_access_log.yaml")},
            default_route_settings={
                "data_trace_enabled": False,  # it would log what clients say
                "detailed_metrics_enabled": False,  # paid for each route
                "logging_level": "ERROR",
                "throttling_rate_limit": self._args.throttle.rate,
                "throttling_burst_limit": self._args.throttle.burst,
            },
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[permission, *routes])),
        )
