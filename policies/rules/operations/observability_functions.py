"""Functions and workflows: traces and execution logs."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import PASS, Outcome, View, all_of, check_true, check_word, fail, rule, unknown
from policies.rules.operations.observability_delivery import LOG_GROUP, delivers

FUNCTION = "aws:lambda/function:Function"
MACHINE = "aws:sfn/stateMachine:StateMachine"
_STEPS = "https://docs.aws.amazon.com/step-functions/latest/dg"


@rule(
    "OP-201",
    "lambda-traces-requests",
    pack="operations",
    types=(FUNCTION,),
    severity="low",
    rationale="Without a trace nobody sees which of a request's calls was the slow one.",
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    remediation='Set tracing_config mode to "Active", and allow the role xray:PutTraceSegments.',
    controls=(
        *("Lambda.7", "CKV_AWS_50", "Serverless-LambdaTracing", "aws-lambda-function-enable-tracing-config"),
        "aws-lambda-function-configure-tracing-config",
    ),
    criteria=("TRADING-06.7", "MOMENTUM-1.5.2", "MOMENTUM-4.2.5"),
)
def functions(view: View) -> Outcome:
    return check_word(view, "tracingConfig.mode", ("Active",), default="PassThrough", known=("PassThrough",))


@rule(
    "OP-202",
    "lambda-log-group-is-of-stack",
    pack="operations",
    types=(FUNCTION,),
    severity="medium",
    scope="stack",
    rationale="A group that Lambda makes for itself keeps everything forever, under no key, and outlives the stack.",
    url="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html",
    remediation="Add aws.cloudwatch.LogGroup with a retention, and name it in logging_config.log_group.",
    criteria=("TRADING-14.6a", "TRADING-14.6b", "MOMENTUM-4.2.1", "MOMENTUM-4.2.2"),
)
def log_group(view: View) -> Outcome:
    """A group counts that the function names or refers to, or that has the name which Lambda takes by itself."""
    path = "loggingConfig.logGroup"
    expected = "a log group of the stack"
    groups = view.of_type(LOG_GROUP)
    leads_to = view.resource.property_dependencies.get("loggingConfig", ())
    if any(group.resource.urn in leads_to for group in groups):
        return PASS
    given, own = view.get(path), view.get("name")
    wanted = f"/aws/lambda/{own}" if isinstance(own, str) else own
    wanted = given if view.is_set(path) else wanted
    if any(_is_group_of(group, view, wanted) for group in groups):
        return PASS
    if wanted is UNKNOWN or any(group.get("name") is UNKNOWN for group in groups):
        return unknown(path, expected)
    return fail(path, "another group" if view.is_set(path) else "not set", expected)


def _is_group_of(group: View, function: View, wanted: object) -> bool:
    """Say whether a group has a name, or makes its name of the function's."""
    names = group.resource.property_dependencies.get("name", ())
    return function.resource.urn in names or (isinstance(wanted, str) and group.get("name") == wanted)


@rule(
    "OP-212",
    "state-machine-logs-executions",
    pack="operations",
    types=(MACHINE,),
    severity="medium",
    rationale="The history of an execution ends after 90 days, and express ones have none but their log.",
    url=f"{_STEPS}/cw-logs.html",
    remediation='Set logging_configuration with level "ALL" and a log group\'s ARN with ":*" behind it.',
    controls=("StepFunctions.1", "CKV_AWS_285", "AwsSolutions-SF1"),
    criteria=("TRADING-11.5",),
    parameters={"levels": ["ALL"]},
)
def executions(view: View) -> Outcome:
    base = "loggingConfiguration"
    known = ("OFF", "ERROR", "FATAL", "ALL")
    level = check_word(view, f"{base}.level", view.parameters["levels"], default="OFF", known=known)
    return all_of([level, delivers(view, f"{base}.logDestination", [LOG_GROUP], "the ARN of a log group")])


@rule(
    "OP-213",
    "state-machine-traces-executions",
    pack="operations",
    types=(MACHINE,),
    severity="low",
    rationale="A trace that ends at the workflow hides what its steps called.",
    url=f"{_STEPS}/concepts-xray-tracing.html",
    remediation="Set tracing_configuration enabled=True, and allow the role xray:PutTraceSegments.",
    controls=("CKV_AWS_284", "AwsSolutions-SF2", "Serverless-StepFunctionStateMachineXray"),
    criteria=("TRADING-11.7",),
)
def traced(view: View) -> Outcome:
    return check_true(view, "tracingConfiguration.enabled")
