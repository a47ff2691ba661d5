"""Fixtures of policies/rules/operations/observability_functions.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

FUNCTION = made("aws:lambda/function:Function", tracingConfig={"mode": "Active"})
GROUP = made("aws:cloudwatch/logGroup:LogGroup", "log")
MACHINE = made(
    "aws:sfn/stateMachine:StateMachine",
    loggingConfiguration={
        "level": "ALL",
        "logDestination": "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/vendedlogs/test:*",
    },
    tracingConfiguration={"enabled": True},
)
REFERRING = made("aws:sfn/stateMachine:StateMachine", refers={"loggingConfiguration": GROUP})
OF_TOPIC = made(
    "aws:sfn/stateMachine:StateMachine",
    refers={"loggingConfiguration": made("aws:sns/topic:Topic", "topic")},
)
NAMED = made("aws:lambda/function:Function", name="test-api", loggingConfig={"logGroup": "/aws/lambda/test-api"})
OWN_GROUP = made("aws:cloudwatch/logGroup:LogGroup", "own", name="/aws/lambda/test-api")
OTHER_GROUP = made("aws:cloudwatch/logGroup:LogGroup", "other", name="/aws/lambda/test-jobs")
LOGGING = made("aws:lambda/function:Function", refers={"loggingConfig": OTHER_GROUP}, name="test-api")
OF_FUNCTION = made("aws:cloudwatch/logGroup:LogGroup", "own", refers={"name": NAMED})
GROUP_PATH = "loggingConfig.logGroup"
LEVEL, DESTINATION = "loggingConfiguration.level", "loggingConfiguration.logDestination"
MODE, ENABLED = "tracingConfig.mode", "tracingConfiguration.enabled"

CASES = [
    Cases(
        rule="lambda-traces-requests",
        good={"active": [FUNCTION], "lower case": [changed(FUNCTION, {MODE: "active"})]},
        bad={
            "only passed on": ([changed(FUNCTION, {MODE: "PassThrough"})], (MODE,)),
            "not set": ([changed(FUNCTION, {"tracingConfig": GONE})], (MODE,)),
            "null": ([changed(FUNCTION, {MODE: None})], (MODE,)),
            "no text": ([changed(FUNCTION, {MODE: True})], (MODE,)),
            "no mapping": ([changed(FUNCTION, {"tracingConfig": "Active"})], (MODE,)),
        },
        unknown={
            "mode": ([changed(FUNCTION, {MODE: UNKNOWN})], (MODE,)),
            "all": ([changed(FUNCTION, {"tracingConfig": UNKNOWN})], (MODE,)),
        },
        always=True,
    ),
    Cases(
        rule="lambda-log-group-is-of-stack",
        good={
            "by name": [NAMED, OWN_GROUP],
            "by Lambda's name": [changed(NAMED, {"loggingConfig": GONE}), OWN_GROUP],
            "reference": [LOGGING, OTHER_GROUP],
            "name of the function's": [changed(NAMED, {"loggingConfig": GONE, "name": UNKNOWN}), OF_FUNCTION],
        },
        bad={
            "none": ([NAMED], (GROUP_PATH,)),
            "another's": ([NAMED, OTHER_GROUP], (GROUP_PATH,)),
            "not set": ([changed(NAMED, {"loggingConfig": GONE}), OTHER_GROUP], (GROUP_PATH,)),
            "no names": ([made("aws:lambda/function:Function"), OTHER_GROUP], (GROUP_PATH,)),
            "no text": ([changed(NAMED, {GROUP_PATH: ["/aws/lambda/test-api"]}), OWN_GROUP], (GROUP_PATH,)),
        },
        unknown={
            "group": ([changed(NAMED, {GROUP_PATH: UNKNOWN}), OTHER_GROUP], (GROUP_PATH,)),
            "name": ([changed(NAMED, {"loggingConfig": None, "name": UNKNOWN}), OTHER_GROUP], (GROUP_PATH,)),
            "group's name": ([NAMED, changed(OTHER_GROUP, {"name": UNKNOWN})], (GROUP_PATH,)),
        },
        always=True,
    ),
    Cases(
        rule="state-machine-logs-executions",
        good={
            "all": [MACHINE],
            "to come": [changed(REFERRING, {"loggingConfiguration": {"level": "ALL", "logDestination": UNKNOWN}})],
        },
        bad={
            "off": ([changed(MACHINE, {LEVEL: "OFF"})], (LEVEL,)),
            "errors only": ([changed(MACHINE, {LEVEL: "ERROR"})], (LEVEL,)),
            "no level": ([changed(MACHINE, {LEVEL: GONE})], (LEVEL,)),
            "not set": ([changed(MACHINE, {"loggingConfiguration": GONE})], (LEVEL, DESTINATION)),
            "no destination": ([changed(MACHINE, {DESTINATION: GONE})], (DESTINATION,)),
            "to a bucket": ([changed(MACHINE, {DESTINATION: "arn:aws:s3:::test-files"})], (DESTINATION,)),
            "to a name": ([changed(MACHINE, {DESTINATION: "test"})], (DESTINATION,)),
            "to a topic": (
                [changed(OF_TOPIC, {"loggingConfiguration": {"level": "ALL", "logDestination": UNKNOWN}})],
                (DESTINATION,),
            ),
        },
        unknown={
            "level": ([changed(MACHINE, {LEVEL: UNKNOWN})], (LEVEL,)),
            "all": ([REFERRING], (LEVEL,)),
        },
        always=True,
    ),
    Cases(
        rule="state-machine-traces-executions",
        good={"on": [MACHINE], "text": [changed(MACHINE, {ENABLED: "True"})]},
        bad={
            "off": ([changed(MACHINE, {ENABLED: False})], (ENABLED,)),
            "not set": ([changed(MACHINE, {"tracingConfiguration": GONE})], (ENABLED,)),
        },
        unknown={"enabled": ([changed(MACHINE, {ENABLED: UNKNOWN})], (ENABLED,))},
        always=True,
    ),
]
