"""Lambda functions, aliases, layers and provisioned concurrency (AWS: Lambda quotas)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_LONGEST_NAME = 64
_ENVIRONMENT_BYTES = 4096
_MOST_LAYERS = 5
# Names that Lambda sets itself; see "Defined runtime environment variables".
_RESERVED_VARIABLE = re.compile(
    r"AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_.*)\Z"
    r"|(_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)\Z"
)
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+\Z")


@for_types(FUNCTION)
def limits(function: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Name, memory, timeout and number of layers are within Lambda's limits."""
    name = function.get("name")
    if isinstance(name, str) and len(name) > _LONGEST_NAME:
        yield "name", f"{len(name)} characters given; allowed: at most {_LONGEST_NAME}"
    ranges = (("memorySize", 10_240, "MB"), ("timeout", 900, "seconds"), ("ephemeralStorage.size", 10_240, "MB"))
    for property_, most, unit in ranges:
        value = function.get(property_)
        if isinstance(value, int) and value > most:
            yield property_, f"{value} given; allowed: at most {most} {unit}"
    layers = function.get("layers", [])
    if isinstance(layers, list) and len(layers) > _MOST_LAYERS:
        yield "layers", f"{len(layers)} given; allowed: at most {_MOST_LAYERS}"


@for_types(FUNCTION)
def environment(function: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Variables have allowed names and take at most 4 KB together."""
    variables = function.get("environment.variables", {})
    if not isinstance(variables, Mapping):
        return
    size = 0
    for name, value in variables.items():
        plain = value.value if isinstance(value, Secret) else value
        size += len(name.encode()) + (len(plain.encode()) if isinstance(plain, str) else 0)
        if _RESERVED_VARIABLE.match(name):
            yield f"environment.variables.{name}", "a name that Lambda reserves"
        elif not _VARIABLE.match(name):
            yield f'environment.variables["{name}"]', "a name has letters, digits and _, and begins with a letter"
    if size > _ENVIRONMENT_BYTES:
        yield "environment.variables", f"{size} bytes given; allowed: at most {_ENVIRONMENT_BYTES}"


@for_types(FUNCTION)
def code(function: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A function has its code from exactly one place, and what the kind of package needs."""
    given = [name for name in ("code", "s3Bucket", "imageUri") if function.get(name) is not None]
    if len(given) != 1:
        yield "code", f"{' and '.join(given) or 'nothing'} given; exactly one of code, s3Bucket, imageUri is needed"
    if function.get("s3Bucket") is not None and function.get("s3Key") is None:
        yield "s3Key", "missing; a package in a bucket needs its key"
    kind = function.get("packageType", "Zip")
    if kind is UNKNOWN:
        return
    image = kind == "Image"
    for name in ("handler", "runtime"):
        value = function.get(name)
        if not image and value is None:
            yield name, "missing; a function of package type Zip needs it"
        if image and value is not None:
            yield name, "given, but a function of package type Image takes none"


@for_types(FUNCTION)
def log_group(function: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The log group exists before the function: else Lambda makes one that never expires."""
    name = function.get("name")
    wanted = function.get("loggingConfig.logGroup") or (f"/aws/lambda/{name}" if isinstance(name, str) else None)
    if not isinstance(wanted, str):
        return
    group = graph.named(LOG_GROUP, "name", wanted)
    if group is None:
        yield "name", f"no log group {wanted!r} is declared; Lambda would make one without retention"
    elif group.urn not in graph.needs(function.urn):
        yield "name", f"the function must depend on its log group {group.name}"


def role_policies(function: Resource, graph: StackGraph) -> list[Resource]:
    """Return the policies, inline or attached, of the role that a function runs under."""
    roles = set(function.property_dependencies.get("role", ()))
    policies = graph.of_type("aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    return [policy for policy in policies if roles & set(policy.property_dependencies.get("role", ()))]


@for_types(FUNCTION)
def permissions_first(function: Resource, graph: StackGraph) -> Iterator[Finding]:
    """What a function needs from the start (dead letters, a VPC) its role is allowed before it exists."""
    needs_role = [name for name in ("deadLetterConfig", "vpcConfig") if function.get(name) is not None]
    if not needs_role or not function.property_dependencies.get("role"):
        return
    reached = graph.needs(function.urn)
    policies = role_policies(function, graph)
    if not policies:
        yield needs_role[0], "the function's role has no permissions for it"
    for policy in policies:
        if policy.urn not in reached:
            yield needs_role[0], f"the function must depend on its role's policy {policy.name}"


@for_types(FUNCTION)
def concurrency(function: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Provisioned concurrency of all aliases fits into the reserved one."""
    reserved = function.get("reservedConcurrentExecutions")
    if not isinstance(reserved, int) or reserved < 0:
        return
    total = 0
    for config in graph.of_type("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"):
        count = config.get("provisionedConcurrentExecutions")
        if function.urn in graph.needs(config.urn) and isinstance(count, int):
            total += count
    if total > reserved:
        yield "reservedConcurrentExecutions", f"{reserved} given; {total} provisioned need at least as many"


@for_types("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
def provisioned(config: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Provisioned concurrency needs a published version or an alias."""
    if config.get("qualifier") == "$LATEST":
        yield "qualifier", "$LATEST given; a published version or an alias is needed"


@for_types("aws:lambda/alias:Alias")
def alias(alias: Resource, graph: StackGraph) -> Iterator[Finding]:
    """An alias of a function that publishes no version has nothing to point to."""
    if alias.get("functionVersion") is not UNKNOWN:
        return
    for urn in alias.property_dependencies.get("functionVersion", ()):
        function = graph.resources.get(urn)
        if function is not None and function.type == FUNCTION and function.get("publish", False) is False:
            yield "functionVersion", f"function {function.name} publishes no versions"
