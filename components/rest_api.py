"""A regional REST API in front of functions, with keys that meter tenants, for users of a pool where there is one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.api_routes import AUTHORIZATION, Parts, PathSpec, Routes, RouteSpec, refusals
from components.api_stage import ApiCache, MeteredStage, StageSpec, Throttle, Tier, meter, method_settings, serve
from components.functions import Function
from components.naming import Naming

SERVICE = "apigateway.amazonaws.com"
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class RestApiArgs:
    """One API with one stage.

    `name` is the API's, without the environment. `routes` are by the first part of their path, which is also the name
    of the function in `functions` that answers; `paths` are whole paths of any depth, such as "/orders/{id}/lines",
    each with the name of its function. `user_pool_arn` None means that a key is all that a caller needs, and
    `also_metered` are stages of other APIs that the same keys hold for. `allowed_origin` is the only origin whose pages
    may call, such as "https://app.example.com". `default_endpoint` False leaves nothing but a custom domain to call.
    `throttle` holds for all callers together, `tiers` for each tenant; `tenants` names the tier of each tenant. `cache`
    None means none. `health` is a path of one part, such as "health", whose GET answers 200 without token or key; None
    for no such path.
    """

    account: Account
    naming: Naming
    name: str
    stage: str
    functions: Mapping[str, Function]
    routes: Mapping[str, RouteSpec] = field(default_factory=dict, hash=False)
    paths: Mapping[str, PathSpec] = field(default_factory=dict, hash=False)
    user_pool_arn: pulumi.Input[str] | None = None
    allowed_origin: str
    default_endpoint: bool
    log_retention_days: int
    throttle: Throttle
    tiers: Mapping[str, Tier]
    tenants: Mapping[str, str]
    cache: ApiCache | None = None
    health: str | None = None
    also_metered: Sequence[MeteredStage] = ()
    description: str = "REST API of the backend"

    def all_paths(self) -> dict[str, PathSpec]:
        """Return every path with its methods and its function's name."""
        return {
            **{path: spec for name, route in self.routes.items() for path, spec in route.paths(name).items()},
            **self.paths,
        }

    def __post_init__(self) -> None:
        """Raise ValueError for an origin that is none, a tenant of an unknown tier, and a health path that is taken."""
        if not _ORIGIN.fullmatch(self.allowed_origin):
            raise ValueError(f"allowed_origin: {self.allowed_origin!r} given; allowed: https:// and a host name")
        for tenant, tier in self.tenants.items():
            if tier not in self.tiers:
                raise ValueError(f"tenants.{tenant}: tier {tier!r} given; known: {', '.join(self.tiers)}")
        if self.health is not None and f"/{self.health}" in self.all_paths():
            raise ValueError(f"health: {self.health!r} given, which is a route; allowed: another path")


class RestApi(pulumi.ComponentResource):
    """A REST API whose callers need a token of the pool and a key, with validated requests, logs and traces.

    `stage` is the aws.apigateway.Stage, `stage_name` its name; `api_id`, `execution_arn` and `invoke_url` are outputs,
    the last without a slash at its end. `keys` are the API keys by tenant.
    """

    def __init__(self, name: str, args: RestApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:RestApi", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        parts = Parts(name, self._child)
        self.resource = self._api(parts)
        self.api_id: pulumi.Output[str] = self.resource.id
        self.execution_arn: pulumi.Output[str] = self.resource.execution_arn
        routes = self._routes(parts)
        refusals(parts, self.resource, args.allowed_origin)

        self.stage_name = args.stage
        spec = StageSpec(
            name=args.stage,
            log_name=args.naming.exact("log_group", args.name),
            log_retention_days=args.log_retention_days,
            throttle=args.throttle,
            cache=args.cache,
        )
        # A stage that may not call its functions would answer 500.
        self.stage = serve(name, spec, parts, self.resource, self._permissions(), self._child)
        self.invoke_url: pulumi.Output[str] = self.stage.invoke_url
        method_settings(name, spec, self.stage, routes.cached, self._child)
        self.keys = meter(name, args.naming, args.tiers, args.tenants, self.stage, self._child, args.also_metered)
        self.register_outputs({"api": self.api_id, "url": self.invoke_url})

    def _api(self, parts: Parts) -> aws.apigateway.RestApi:
        known = {
            "name": self._args.naming.exact("api", self._args.name),
            "description": self._args.description,
            "endpoint_configuration": {"types": "REGIONAL"},
            "api_key_source": "HEADER",
            # Like all else, this holds only after a deployment.
            "disable_execute_api_endpoint": not self._args.default_endpoint,
        }
        return parts.add(aws.apigateway.RestApi, "api", known, {})

    def _routes(self, parts: Parts) -> Routes:
        here = {"rest_api": self.resource.id}
        authorizer = None
        if self._args.user_pool_arn is not None:
            authorizer = parts.add(
                aws.apigateway.Authorizer,
                "authorizer",
                {"name": "users", "type": "COGNITO_USER_POOLS", "identity_source": AUTHORIZATION},
                {**here, "provider_arns": [self._args.user_pool_arn]},
            )
        validator = parts.add(
            aws.apigateway.RequestValidator,
            "validator",
            {"name": "body-and-parameters", "validate_request_body": True, "validate_request_parameters": True},
            here,
        )
        routes = Routes(parts, self.resource, authorizer, validator, self._args.allowed_origin)
        for path, spec in self._args.all_paths().items():
            routes.add(path, spec, self._args.functions[spec.function])
        if self._args.health is not None:
            routes.add_health(self._args.health)
        return routes

    def _permissions(self) -> list[pulumi.Resource]:
        """Let the API call each function by its live alias, for the function's own paths and nothing else.

        A function's policy has 20 KB: what lies below one first part of a path is one statement.
        """
        permissions: list[pulumi.Resource] = []
        for name, of_function in self._callers().items():
            function = self._args.functions[name]
            for words, path in of_function.items():
                permission = aws.lambda_.Permission(
                    f"{self._prefix}-{words}",
                    action="lambda:InvokeFunction",
                    function=function.alias.function_name,
                    qualifier=function.alias.name,
                    principal=SERVICE,
                    source_account=self._args.account.account_id,
                    source_arn=pulumi.Output.concat(self.execution_arn, "/*/*/", path),
                    opts=self._child,
                )
                permissions.append(permission)
        return permissions

    def _callers(self) -> dict[str, dict[str, str]]:
        """Return the patterns of paths by the function that they call, each under the name of its permission."""
        found: dict[str, dict[str, str]] = {}
        for path, spec in self._args.all_paths().items():
            first, _, below = path.strip("/").partition("/")
            words, pattern = (f"{first}-item-permission", f"{first}/*") if below else (f"{first}-permission", first)
            found.setdefault(spec.function, {})[words] = pattern
        return found
