"""Lambda functions with layer, versions, aliases, concurrency, logs and dead-letter queues (requirement 06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.naming import Naming, log_group_name
from components.queues import dead_letter_queue, queue_policy
from components.roles import Grant, Role
from components.security_groups import SecurityGroup

LIVE = "live"  # the alias that callers use


@dataclass(frozen=True, kw_only=True)
class Package:
    """Code that a pipeline built: an object in a bucket, with the object's version where the bucket has versions."""

    bucket: pulumi.Input[str]
    key: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """One function.

    `code` is a package or a directory of Python files; `handler` is "module.function". `timeout_seconds` is at
    most 900, `memory_mb` 128 to 10,240. `reserved_concurrency` None leaves the function in the account's pool,
    `provisioned_concurrency` 0 means none. `dead_letter` keeps events whose asynchronous invocation failed.
    `security_groups`, one to five, say what it may connect to; a function outside of a VPC has none.
    """

    role: Role
    handler: str
    code: Package | Path
    memory_mb: int
    timeout_seconds: int
    security_groups: tuple[SecurityGroup, ...] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    provisioned_concurrency: int = 0
    dead_letter: bool = False
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class FunctionsArgs:
    """The functions of one stack, all in the same subnets, or all outside of a VPC where `subnet_ids` is None.

    `layer` is the directory that holds `python/…`, as Lambda expects it. `moves_aliases` False leaves each alias at the
    version it was made with: a command moves it, once the new version has shown that it works, and back where it does
    not. Raises ValueError for security groups without subnets and the other way round.
    """

    account: Account
    naming: Naming
    functions: Mapping[str, FunctionSpec]
    layer: Path
    log_retention_days: int
    subnet_ids: pulumi.Input[Sequence[str]] | None = None
    runtime: str = "python3.13"
    architecture: str = "arm64"
    layer_description: str = "Code that all functions share"
    moves_aliases: bool = True

    def __post_init__(self) -> None:
        for name, spec in self.functions.items():
            if bool(spec.security_groups) != (self.subnet_ids is not None):
                given = "security groups without subnets" if spec.security_groups else "subnets without security groups"
                raise ValueError(f"functions.{name}: {given} given; allowed: both or neither")


@dataclass(frozen=True)
class Function:
    """One function: the resource, the alias to call it by, its log group and dead-letter queue."""

    name: str
    physical_name: str
    resource: aws.lambda_.Function
    alias: aws.lambda_.Alias
    log_group: aws.cloudwatch.LogGroup
    dead_letter_queue: aws.sqs.Queue | None
    account: Account

    def grant_invoke(self, role: Role) -> Grant:
        """Let a role invoke the function by its live alias."""
        statements = grants.invoke(self.account, self.physical_name, LIVE)
        return role.allow(f"function-{self.name}", statements)


class Functions(pulumi.ComponentResource):
    """Lambda functions that write to log groups of known retention, trace with X-Ray and run published versions.

    The constructor gives each role what its functions need of Lambda itself (logs, traces, dead letters) and
    then attaches the roles' permissions, since a function must not exist before its role can do its work: all
    other edges are given before. `functions` holds them by logical name.
    """

    def __init__(self, name: str, args: FunctionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Functions", name, None, opts)
        self._args = args
        self._name_prefix = name
        self.layer = self._layer()
        logs = {function: self._log_group(function) for function in args.functions}
        queues = {function: self._queue(function) for function, spec in args.functions.items() if spec.dead_letter}
        for function, spec in args.functions.items():
            self._grant(function, spec)
        self.functions: Mapping[str, Function] = {
            function: self._function(function, spec, logs[function], queues.get(function))
            for function, spec in args.functions.items()
        }
        aliases = {function: handle.alias.arn for function, handle in self.functions.items()}
        self.register_outputs({"aliases": aliases, "layer": self.layer.arn})

    def _grant(self, function: str, spec: FunctionSpec) -> None:
        physical_name = self._args.naming.exact("function", function)
        log_group = log_group_name(physical_name)
        spec.role.allow(f"log-{function}", grants.write_log(self._args.account, log_group))
        spec.role.allow("traces", grants.trace())
        if self._args.subnet_ids is not None:
            spec.role.allow(f"network-{function}", grants.use_network_interfaces(self._args.account, physical_name))
        if spec.dead_letter:
            queue = self._queue_name(function)
            spec.role.allow(f"dead-letters-{function}", grants.send(self._args.account, queue))

    def _queue_name(self, function: str) -> str:
        return self._args.naming.short("queue", f"{function}-dead-letters")

    def _queue(self, function: str) -> aws.sqs.Queue:
        name, physical_name = f"{self._name_prefix}-{function}-dead-letters", self._queue_name(function)
        child = pulumi.ResourceOptions(parent=self)
        queue = dead_letter_queue(name, physical_name, child)
        queue_policy(f"{name}-policy", queue, self._args.account.queue_arn(physical_name), child)
        return queue

    def _layer(self) -> aws.lambda_.LayerVersion:
        return aws.lambda_.LayerVersion(
            f"{self._name_prefix}-layer",
            layer_name=self._args.naming.exact("layer", "shared"),
            code=archive(self._args.layer),
            compatible_runtimes=[self._args.runtime],
            compatible_architectures=[self._args.architecture],
            description=self._args.layer_description,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _log_group(self, function: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name_prefix}-{function}-log",
            name=log_group_name(self._args.naming.exact("function", function)),
            retention_in_days=self._args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _function(
        self, name: str, spec: FunctionSpec, log_group: aws.cloudwatch.LogGroup, queue: aws.sqs.Queue | None
    ) -> Function:
        physical_name = self._args.naming.exact("function", name)
        package = spec.code if isinstance(spec.code, Package) else None
        resource = aws.lambda_.Function(
            f"{self._name_prefix}-{name}",
            name=physical_name,
            description=spec.description,
            role=spec.role.arn,
            runtime=self._args.runtime,
            architectures=[self._args.architecture],
            handler=spec.handler,
            code=archive(spec.code) if isinstance(spec.code, Path) else None,
            s3_bucket=package.bucket if package else None,
            s3_key=package.key if package else None,
            s3_object_version=package.version if package else None,
            layers=[self.layer.arn],
            memory_size=spec.memory_mb,
            timeout=spec.timeout_seconds,
            environment={"variables": spec.environment} if spec.environment else None,
            tracing_config={"mode": "Active"},
            logging_config={"log_format": "JSON", "log_group": log_group.name},
            reserved_concurrent_executions=spec.reserved_concurrency,
            dead_letter_config={"target_arn": queue.arn} if queue is not None else None,
            vpc_config={
                "subnet_ids": self._args.subnet_ids,
                "security_group_ids": [group.id for group in spec.security_groups],
            }
            if self._args.subnet_ids is not None
            else None,
            publish=True,
            # Without its permissions a function fails at once: no log, no dead-letter queue, no table.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*spec.role.attach()]),
        )
        alias = self._alias(name, spec, resource)
        return Function(name, physical_name, resource, alias, log_group, queue, self._args.account)

    def _alias(self, name: str, spec: FunctionSpec, function: aws.lambda_.Function) -> aws.lambda_.Alias:
        opts = pulumi.ResourceOptions(parent=self)
        # The description is where the command that moves the alias notes the former version.
        moved_elsewhere = None if self._args.moves_aliases else ["functionVersion", "description"]
        alias = aws.lambda_.Alias(
            f"{self._name_prefix}-{name}-live",
            name=LIVE,
            function_name=function.name,
            function_version=function.version,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=moved_elsewhere),
        )
        if spec.provisioned_concurrency:
            aws.lambda_.ProvisionedConcurrencyConfig(
                f"{self._name_prefix}-{name}-provisioned",
                function_name=alias.function_name,
                qualifier=alias.name,
                provisioned_concurrent_executions=spec.provisioned_concurrency,
                opts=opts,
            )
        return alias


def archive(directory: Path) -> pulumi.AssetArchive:
    """Return the Python files below a directory as an archive, each under its path from there.

    Files are named one by one, so that byte code and editors' leftovers never change a function's code.
    """
    files = sorted(path for path in directory.rglob("*.py"))
    if not files:
        raise ValueError(f"{directory}: no Python file to package")
    return pulumi.AssetArchive(
        {path.relative_to(directory).as_posix(): pulumi.FileAsset(path.as_posix()) for path in files}
    )
