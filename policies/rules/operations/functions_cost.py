"""Functions: networks, concurrency, memory and time that somebody chose."""

from __future__ import annotations

from fnmatch import fnmatchcase

from policies.rules.model import (
    NOT_APPLICABLE,
    Outcome,
    View,
    all_of,
    check,
    check_set,
    rule,
)

FUNCTION = "aws:lambda/function:Function"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"


@rule(
    "OP-110",
    "function-is-in-vpc",
    pack="operations",
    types=(FUNCTION,),
    severity="low",
    level="open",
    rationale="Outside of a VPC a function reaches the whole internet, and neither groups nor flow logs see it.",
    url=f"{_LAMBDA}/configuration-vpc.html",
    remediation="Set vpc_config with subnet_ids and security_group_ids; `outside` names functions that need none.",
    controls=("Lambda.3", "CKV_AWS_117"),
    criteria=("TRADING-02.4",),
    parameters={"outside": []},
)
def in_vpc(view: View) -> Outcome:
    """`outside` are patterns of the resources' names."""
    if any(fnmatchcase(view.resource.name, str(pattern)) for pattern in view.parameters["outside"]):
        return NOT_APPLICABLE
    paths = ("vpcConfig.subnetIds", "vpcConfig.securityGroupIds")
    return all_of(check_set(view, path, "private subnets and a security group") for path in paths)


@rule(
    "OP-111",
    "function-concurrency-is-reserved",
    pack="operations",
    types=(FUNCTION,),
    severity="medium",
    level="open",
    rationale="Functions that must run in an emergency keep a part of the account's concurrency; 0 switches one off.",
    url=f"{_LAMBDA}/configuration-concurrency.html",
    remediation="Set reserved_concurrent_executions to a number above 0.",
    controls=("CKV_AWS_115",),
    criteria=("TRADING-06.8a", "TRADING-06.8b"),
    parameters={"functions": ["*kill-switch*", "*circuit-breaker*"], "most": 500},
)
def concurrency(view: View) -> Outcome:
    """Patterns of names, since what one reserves the others lack: "*" asks for all. What is given is judged anyway."""
    path, most = "reservedConcurrentExecutions", int(view.parameters["most"])
    value, name = view.get(path), view.get("name")
    names = [each for each in (view.resource.name, name) if isinstance(each, str)]
    wanted = any(fnmatchcase(each, str(pattern)) for each in names for pattern in view.parameters["functions"])
    if value in (None, -1) and not wanted:
        return NOT_APPLICABLE
    return check(view, path, lambda number: 0 < int(number) <= most, f"1 to {most}")


@rule(
    "OP-112",
    "function-memory-and-time-are-chosen",
    pack="operations",
    types=(FUNCTION,),
    severity="low",
    rationale="Memory is also processor and price; by default a function gets the least there is, for 3 seconds.",
    url=f"{_LAMBDA}/configuration-memory.html",
    remediation="Set memory_size and timeout to what the function was measured to need.",
    controls=("Serverless-LambdaDefaultMemorySize", "Serverless-LambdaFunctionDefaultTimeout"),
    criteria=("TRADING-06.2",),
    parameters={"least_memory": 128, "most_memory": 3008, "most_seconds": 900},
)
def sizes(view: View) -> Outcome:
    least, most = int(view.parameters["least_memory"]), int(view.parameters["most_memory"])
    seconds = int(view.parameters["most_seconds"])
    memory = check(view, "memorySize", lambda value: least <= int(value) <= most, f"{least} to {most}")
    return all_of([memory, check(view, "timeout", lambda value: 0 < int(value) <= seconds, f"1 to {seconds}")])


_RESERVED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"


@rule(
    "OP-113",
    "function-provisioned-concurrency-is-limited",
    pack="operations",
    types=(_RESERVED,),
    severity="low",
    rationale="Provisioned concurrency is paid for by the hour, whether anybody calls or not.",
    url=f"{_LAMBDA}/provisioned-concurrency.html",
    remediation="Set provisioned_concurrent_executions to what the measured load needs.",
    controls=("CKV_AWS_115",),
    criteria=("TRADING-06.9",),
    parameters={"most": 100},
)
def provisioned(view: View) -> Outcome:
    most = int(view.parameters["most"])
    path = "provisionedConcurrentExecutions"
    return check(view, path, lambda number: 0 < int(number) <= most, f"1 to {most}")
