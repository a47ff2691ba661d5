"""Fixtures of rules about functions, their sources, and the API's deployments."""

from __future__ import annotations

import dataclasses

from plumbline.graph import UNKNOWN, Options, Resource
from tests.policies.cases import GONE, Cases, changed, made

ACCOUNT = "us-east-1:111122223333"
QUEUE_ARN = f"arn:aws:sqs:{ACCOUNT}:failed"
QUEUE = made("aws:sqs/queue:Queue", "failed", name="failed", visibilityTimeoutSeconds=180)
FIRST, SECOND, SAME = (
    made("aws:ec2/subnet:Subnet", name, availabilityZone=f"us-east-1{zone}")
    for name, zone in (("first", "a"), ("second", "b"), ("same", "a"))
)
FUNCTION = made("aws:lambda/function:Function", "work", name="prod-work", runtime="python3.13", timeout=30)

RUNTIME = Cases(
    rule="lambda-runtime-supported",
    good={"supported": [FUNCTION], "upper case": [changed(FUNCTION, {"runtime": "PYTHON3.13"})]},
    bad={
        "ended": ([changed(FUNCTION, {"runtime": "python3.8"})], ("runtime",)),
        "old Node.js": ([changed(FUNCTION, {"runtime": "nodejs16.x"})], ("runtime",)),
        "missing": ([changed(FUNCTION, {"runtime": GONE})], ("runtime",)),
        "another": ([changed(FUNCTION, {"runtime": "cobol"})], ("runtime",)),
    },
    unknown={
        "runtime": ([changed(FUNCTION, {"runtime": UNKNOWN})], ("runtime",)),
        "package": ([changed(FUNCTION, {"runtime": GONE, "packageType": UNKNOWN})], ("packageType",)),
    },
    skipped={"image": [changed(FUNCTION, {"runtime": GONE, "packageType": "Image"})]},
)

SUBNETS = "vpcConfig.subnetIds"


def inside(subnets: object, *others: Resource) -> list[Resource]:
    """Return a function whose subnets are some of the stack's."""
    function = changed(FUNCTION, {"vpcConfig": {"subnetIds": subnets, "securityGroupIds": ["sg-1"]}})
    urns = tuple(other.urn for other in others)
    return [dataclasses.replace(function, property_dependencies={"vpcConfig": urns}), *others]


DEPLOYED = [dataclasses.replace(subnet, id=f"subnet-{subnet.name}") for subnet in (FIRST, SECOND, SAME)]
ZONES = Cases(
    rule="lambda-in-several-zones",
    good={
        "by reference": inside([UNKNOWN, UNKNOWN], FIRST, SECOND),
        "as a whole": inside(UNKNOWN, FIRST, SECOND),
        "of elsewhere": inside(["subnet-1", "subnet-2"]),
        "by id": inside(["subnet-first", "subnet-second"], *DEPLOYED),
    },
    bad={
        "one": (inside([UNKNOWN], FIRST), (SUBNETS,)),
        "the same twice": (inside(["subnet-1", "subnet-1"]), (SUBNETS,)),
        "one zone": (inside([UNKNOWN, UNKNOWN], FIRST, SAME), (SUBNETS,)),
        "one zone by id": (inside(["subnet-first", "subnet-same"], *DEPLOYED), (SUBNETS,)),
        "as a whole": (inside(UNKNOWN, FIRST, SAME), (SUBNETS,)),
    },
    unknown={
        "of nothing": (inside(UNKNOWN), (SUBNETS,)),
        "zone": (inside(UNKNOWN, changed(FIRST, {"availabilityZone": UNKNOWN})), (SUBNETS,)),
    },
    skipped={
        "no VPC": [FUNCTION],
        "emptied": [changed(FUNCTION, {"vpcConfig": {"subnetIds": [], "securityGroupIds": []}})],
    },
)

ALIAS = made("aws:lambda/alias:Alias", "live", refers={"functionName": FUNCTION})
PERMISSION = made(
    "aws:lambda/permission:Permission", "events", refers={"function": ALIAS}, principal="events.amazonaws.com"
)
OF_API = changed(made(PERMISSION.type, "api", function="prod-work"), {"principal": "apigateway.amazonaws.com"})
CONFIG = made(
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "config",
    functionName="prod-work",
    destinationConfig={"onFailure": {"destination": QUEUE_ARN}},
)
KEPT = made(
    FUNCTION.type, FUNCTION.name, refers={"deadLetterConfig": QUEUE}, name="prod-work", runtime="python3.13", timeout=30
)
KEPT = changed(KEPT, {"deadLetterConfig": {"targetArn": UNKNOWN}})
TOPIC = made("aws:sns/topic:Topic", "topic")
DESTINATION = "destinationConfig.onFailure.destination"
DEAD = "deadLetterConfig"
FAILURES = Cases(
    rule="lambda-async-has-failure-target",
    good={
        "by reference": [KEPT, QUEUE],
        "topic": [changed(FUNCTION, {DEAD: {"targetArn": f"arn:aws:sns:{ACCOUNT}:failed"}}), PERMISSION],
        "destination": [FUNCTION, CONFIG, PERMISSION, ALIAS],
        "configuration": [CONFIG],
        "to a bus": [changed(CONFIG, {DESTINATION: f"arn:aws:events:{ACCOUNT}:event-bus/failed"})],
    },
    bad={
        "invoked by rules": ([FUNCTION, PERMISSION, ALIAS], (DEAD,)),
        "by rules and an API": ([FUNCTION, PERMISSION, ALIAS, OF_API], (DEAD,)),
        "by whoever may": ([FUNCTION], (DEAD,)),
        "empty": ([changed(FUNCTION, {DEAD: {}})], (DEAD,)),
        "no target": ([changed(FUNCTION, {DEAD: {"targetArn": ""}})], (f"{DEAD}.targetArn",)),
        "something else": (
            [changed(FUNCTION, {DEAD: {"targetArn": f"arn:aws:iam::{ACCOUNT}:role/failed"}})],
            (f"{DEAD}.targetArn",),
        ),
        "a subnet": (
            [dataclasses.replace(KEPT, property_dependencies={DEAD: (FIRST.urn,)}), FIRST],
            (f"{DEAD}.targetArn",),
        ),
        "another's configuration": ([FUNCTION, changed(CONFIG, {"functionName": "prod-other"})], (DEAD,)),
        "configuration": ([changed(CONFIG, {DESTINATION: f"arn:aws:ec2:{ACCOUNT}:instance/i-1"})], (DESTINATION,)),
    },
    unknown={
        "principal": ([FUNCTION, changed(OF_API, {"principal": UNKNOWN})], (DEAD,)),
        "target": ([changed(FUNCTION, {DEAD: UNKNOWN})], (f"{DEAD}.targetArn",)),
    },
    skipped={
        "only an API": [FUNCTION, OF_API],
        "only a URL": [FUNCTION, made("aws:lambda/functionUrl:FunctionUrl", functionName="prod-work")],
        "configuration of attempts": [changed(CONFIG, {"destinationConfig": GONE})],
    },
)

TABLE = made("aws:dynamodb/table:Table", "orders")
STREAM = made(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "stream",
    refers={"eventSourceArn": TABLE},
    functionName="prod-work",
    startingPosition="LATEST",
    destinationConfig={"onFailure": {"destinationArn": QUEUE_ARN}},
)
TO = "destinationConfig.onFailure.destinationArn"
POLLED = made(STREAM.type, "queue", refers={"eventSourceArn": QUEUE}, functionName="prod-work")
STREAMS = Cases(
    rule="lambda-stream-has-failure-destination",
    good={
        "table": [STREAM],
        "stream": [changed(STREAM, {"eventSourceArn": f"arn:aws:kinesis:{ACCOUNT}:stream/ticks"})],
        "to be known": [changed(STREAM, {TO: UNKNOWN})],
    },
    bad={
        "none": ([changed(STREAM, {"destinationConfig": GONE})], (TO,)),
        "empty": ([changed(STREAM, {TO: ""})], (TO,)),
        "a function": ([changed(STREAM, {TO: f"arn:aws:lambda:{ACCOUNT}:function:a"})], (TO,)),
        "Kafka": ([made(STREAM.type, topics=["ticks"], selfManagedEventSource={})], (TO,)),
    },
    unknown={
        "source": ([made(STREAM.type, eventSourceArn=UNKNOWN, functionName="a")], ("eventSourceArn",)),
        "destination": ([changed(STREAM, {"destinationConfig": UNKNOWN})], (TO,)),
    },
    skipped={"queue": [POLLED], "queue by ARN": [made(STREAM.type, eventSourceArn=QUEUE_ARN)]},
)

VISIBILITY = Cases(
    rule="lambda-queue-hides-messages-long-enough",
    good={
        "six times": [POLLED, QUEUE, FUNCTION],
        "defaults": [POLLED, changed(QUEUE, {"visibilityTimeoutSeconds": GONE}), changed(FUNCTION, {"timeout": GONE})],
    },
    bad={
        "too short": ([POLLED, changed(QUEUE, {"visibilityTimeoutSeconds": 60}), FUNCTION], ("eventSourceArn",)),
        "by default": ([POLLED, changed(QUEUE, {"visibilityTimeoutSeconds": GONE}), FUNCTION], ("eventSourceArn",)),
        "slow function": ([POLLED, QUEUE, changed(FUNCTION, {"timeout": 300})], ("eventSourceArn",)),
    },
    unknown={"timeout": ([POLLED, QUEUE, changed(FUNCTION, {"timeout": UNKNOWN})], ("eventSourceArn",))},
    skipped={"stream": [STREAM, TABLE, FUNCTION], "of elsewhere": [made(STREAM.type, eventSourceArn=QUEUE_ARN)]},
)

DEPLOYMENT = made("aws:apigateway/deployment:Deployment", "deployment", restApi="a1", triggers={"content": "0"})
API = made("aws:apigateway/restApi:RestApi", "api")
FORCED = Options(delete_before_replace=True)
REPLACED = Cases(
    rule="api-replaced-after-creation",
    good={"deployment": [DEPLOYMENT], "API": [API], "to be known": [changed(DEPLOYMENT, {"triggers": UNKNOWN})]},
    bad={
        "deployment": ([dataclasses.replace(DEPLOYMENT, options=FORCED)], ("",)),
        "API": ([dataclasses.replace(API, options=FORCED)], ("",)),
        "no triggers": ([changed(DEPLOYMENT, {"triggers": GONE})], ("triggers",)),
        "empty triggers": ([changed(DEPLOYMENT, {"triggers": {}})], ("triggers",)),
    },
    always=True,
    never_unknown="options and the presence of triggers are known",
)

ALIAS = made("aws:lambda/alias:Alias", functionName="orders", functionVersion="3")
PUBLISHED = Cases(
    rule="lambda-alias-is-of-a-version",
    good={"a version": [ALIAS], "one to come": [changed(ALIAS, {"functionVersion": UNKNOWN})]},
    bad={
        "latest": ([changed(ALIAS, {"functionVersion": "$LATEST"})], ("functionVersion",)),
        "missing": ([changed(ALIAS, {"functionVersion": GONE})], ("functionVersion",)),
        "a name": ([changed(ALIAS, {"functionVersion": "live"})], ("functionVersion",)),
    },
    never_unknown="a version that is not known yet is one that the deployment publishes",
    always=True,
)
KEPT = dataclasses.replace(made("aws:s3/bucket:Bucket"), options=Options(protect=True))
STATEFUL = Cases(
    rule="stateful-resource-is-protected",
    good={"protected": [KEPT]},
    bad={"not": ([made("aws:s3/bucket:Bucket")], ("",))},
    never_unknown="the engine knows every option",
    always=True,
)

CASES = [RUNTIME, ZONES, FAILURES, STREAMS, VISIBILITY, REPLACED, PUBLISHED, STATEFUL]
