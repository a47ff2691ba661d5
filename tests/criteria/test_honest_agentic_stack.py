"""The agentic criteria cannot be fooled by a stack: what breaks one fails it, and what is unknown stays open."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Options, Resource, Secret
from tests.criteria.breaking import (
    BUCKET,
    FUNCTION,
    LOG_GROUP,
    ROLE,
    ROLE_POLICY,
    TABLE,
    Change,
    Row,
    add,
    add_statement,
    base,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    named,
    nothing,
    refer,
    set_,
    settings,
    statement,
    verdict,
    whole,
)

_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_ALIAS = "aws:lambda/alias:Alias"
_DOMAIN = "aws:apigateway/domainName:DomainName"
_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_INTEGRATION = "aws:apigateway/integration:Integration"
_KEY = "aws:apigateway/apiKey:ApiKey"
_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
_METHOD = "aws:apigateway/method:Method"
_METHOD_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
_PARAMETER = "aws:ssm/parameter:Parameter"
_PLAN = "aws:apigateway/usagePlan:UsagePlan"
_QUEUE = "aws:sqs/queue:Queue"
_RESPONSE = "aws:apigateway/response:Response"
_REST = "aws:apigateway/restApi:RestApi"
_ROUTE = "aws:apigatewayv2/route:Route"
_RULE = "aws:cloudwatch/eventRule:EventRule"
_SERVICE = "aws:ecs/service:Service"
_SOCKETS = "aws:apigatewayv2/api:Api"
_SOCKET_STAGE = "aws:apigatewayv2/stage:Stage"
_SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
_P, _UP = "agentic-prod", "agentic-prod up"


def _variable(name: str, key: str, value: Any) -> Change:
    """Give a function a variable, or take one away."""

    def change(row: Resource) -> Resource:
        variables = {**row.inputs["environment"]["variables"], key: value}
        kept = {key: item for key, item in variables.items() if item is not None}
        return dataclasses.replace(row, inputs={**row.inputs, "environment": {"variables": kept}})

    return edit(FUNCTION, f"functions-{name}", change)


def _inside(type_: str, name: str, path: str, value: Any) -> Change:
    """Set a value inside an input, given as "input.key"."""
    first, _, key = path.partition(".")
    return edit(
        type_,
        name,
        lambda r: dataclasses.replace(r, inputs={**r.inputs, first: {**r.inputs.get(first, {}), key: value}}),
    )


def _options(type_: str, name: str, **options: Any) -> Change:
    return edit(type_, name, lambda r: dataclasses.replace(r, options=Options(**options)))


def _trust(principal: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


def _redrive(target: str, tries: Any = 5) -> str:
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": tries})


def _rule(**elements: Any) -> list[dict[str, Any]]:
    return [{"status": "Enabled", "filter": {"prefix": ""}, **elements}]


_FOREIGN = "arn:aws:sqs:us-east-1:222222222222:others"
_STAR = {"Effect": "Allow", "Action": ["dynamodb:*"], "Resource": ["*"]}
BROKEN: list[Row] = [
    ("00.1", _P, "another cloud", add("gcp:storage/bucket:Bucket", "pages")),
    ("00.1", _P, "a part that costs", add("aws:ec2/natGateway:NatGateway", "nat")),
    ("00.2", _P, "no route", drop(_METHOD, "api-api-templates-get")),
    ("00.2", _P, "a route to nobody", set_(_INTEGRATION, "api-api-templates-get", type="MOCK")),
    ("00.2", _P, "no action", drop(_ROUTE, "sockets-forward")),
    ("00.3", _P, "a database", add("aws:rds/instance:Instance", "database")),
    ("00.3", _P, "a cache", add("aws:elasticache/replicationGroup:ReplicationGroup", "cache")),
    ("00.3", _P, "no queue", drop(_QUEUE, "queues-dev-queue")),
    ("00.4", _P, "no agent", drop(FUNCTION, "functions-qa-agent")),
    ("00.4", _P, "a small agent", set_(FUNCTION, "functions-dev-agent", memorySize=128)),
    ("00.4", _P, "a hasty agent", set_(FUNCTION, "functions-dev-agent", timeout=30)),
    ("00.4", _P, "no work", drop(_MAPPING, "consumers-ops-agent")),
    ("00.4", _P, "work switched off", set_(_MAPPING, "consumers-ops-agent", enabled=False)),
    ("00.4", _UP, "another's work", named(_MAPPING, "consumers-ops-agent", "eventSourceArn", (TABLE, ""))),
    ("00.6", _P, "no table", drop(TABLE, "")),
    ("00.7", _P, "nobody sends", _variable("pm-agent", "SQS_QUEUE_URL_DEV", None)),
    ("00.7", _P, "nobody may send", drop(ROLE_POLICY, "roles-pm-agent-queue-dev-queue")),
    ("00.8", _P, "a run that lasts longer", set_(FUNCTION, "functions-dev-agent", timeout=901)),
    ("00.8", _P, "no connections", drop(_SOCKETS, "")),
    ("00.8", _P, "containers on servers", add(_SERVICE, "sockets", launchType="EC2")),
    ("00.9", _P, "no alarms and no logs", lambda old: drop(LOG_GROUP, "")(drop(_ALARM, "")(old))),
    ("00.9", _P, "no bootstrap stack", base(None)),
    ("00.9", _P, "a network without groups", add("aws:ec2/subnet:Subnet", "subnet")),
    ("01.1", _P, "a gateway of a network", add("aws:ec2/natGateway:NatGateway", "nat")),
    ("01.1", _P, "a key", add("aws:kms/key:Key", "key")),
    ("01.1", _P, "what nobody knows", add("aws:quantum/computer:Computer", "computer")),
    ("01.1", _P, "nothing", nothing),
    ("01.2", _P, "another class", set_(TABLE, "tables-data", tableClass="STANDARD_INFREQUENT_ACCESS")),
    (
        "01.2",
        _P,
        "too much capacity",
        set_(TABLE, "tables-data", billingMode="PROVISIONED", readCapacity=26, writeCapacity=5),
    ),
    ("01.2", _P, "no table", drop(TABLE, "")),
    ("01.3", _P, "more requests", _inside(_PLAN, "api-plan-clients", "quotaSettings.limit", 2_000_000)),
    ("01.3", _P, "no limit", set_(_PLAN, "api-plan-clients", quotaSettings=None)),
    ("01.3", _P, "a day's limit", _inside(_PLAN, "api-plan-clients", "quotaSettings.period", "DAY")),
    ("01.3", _P, "another integration", set_(_INTEGRATION, "api-api-projects-get", type="HTTP_PROXY")),
    ("01.3", _P, "no keys", drop(_KEY, "")),
    ("01.4a", _P, "no API", drop(_REST, "")),
    ("01.4a", _P, "more requests", _inside(_PLAN, "api-plan-clients", "quotaSettings.limit", 2_000_000)),
    ("01.4a", _P, "no stage", drop("aws:apigateway/stage:Stage", "")),
    ("01.4b", _P, "no API", drop(_SOCKETS, "")),
    ("01.4b", _P, "HTTP", set_(_SOCKETS, "sockets-api", protocolType="HTTP")),
    ("01.4b", _P, "no key", set_(_ROUTE, "sockets-connect", apiKeyRequired=False)),
    ("01.4b", _P, "anybody", set_(_ROUTE, "sockets-connect", authorizationType="NONE")),
    ("01.4b", _P, "no ping", drop(_ROUTE, "sockets-ping")),
    ("01.4b", _P, "no stage", drop(_SOCKET_STAGE, "")),
    ("01.4b", _UP, "a route to nowhere", set_(_ROUTE, "sockets-ping", target="integrations/other")),
    ("01.5", _P, "no queue", drop(_QUEUE, "queues-pm-queue")),
    ("01.5", _P, "too little time", set_(_QUEUE, "queues-pm-queue", visibilityTimeoutSeconds=300)),
    ("01.5", _P, "short polls", set_(_QUEUE, "queues-pm-queue", receiveWaitTimeSeconds=0)),
    ("01.5", _P, "no dead letters", set_(_QUEUE, "queues-pm-queue", redrivePolicy=None)),
    ("01.5", _P, "another's dead letters", set_(_QUEUE, "queues-pm-queue", redrivePolicy=_redrive(_FOREIGN))),
    ("01.6", _P, "no bucket", drop(BUCKET, "generated-code")),
    ("01.6", _P, "files for ever", set_(_LIFECYCLE, "generated-code-lifecycle", rules=_rule(expiration=None))),
    ("01.6", _P, "an agent that may not write", drop(ROLE_POLICY, "roles-qa-agent-bucket-generated-code")),
    ("01.6", _P, "an agent that does not know where", _variable("qa-agent", "S3_BUCKET_NAME", None)),
    ("01.7", _P, "no connections", drop(_SOCKETS, "")),
    ("01.7", _P, "many containers", add(_SERVICE, "sockets", launchType="FARGATE", desiredCount=4)),
    ("02.3", _P, "a table whose changes are left out", _options(TABLE, "tables-data", ignore_changes=("attributes",))),
    ("02.3", _P, "no table", drop(TABLE, "")),
    ("02.4", _P, "no versions", set_(FUNCTION, "functions-pm-agent", publish=False)),
    ("02.4", _P, "no alias", drop(_ALIAS, "functions-pm-agent-live")),
    ("02.4", _UP, "an alias of the latest", set_(_ALIAS, "functions-pm-agent-live", functionVersion="$LATEST")),
    (
        "02.4",
        _UP,
        "a caller of the function",
        set_(_MAPPING, "consumers-pm-agent", functionName="prod-agenticai-pm-agent"),
    ),
    ("03.1", _P, "no parameter", drop(_PARAMETER, "parameters-jwt-secret")),
    ("03.1", _P, "plain text", set_(_PARAMETER, "parameters-jwt-secret", type="String")),
    ("03.1", _P, "a paid tier", set_(_PARAMETER, "parameters-jwt-secret", tier="Advanced")),
    ("03.1", _P, "a secret elsewhere", add("aws:secretsmanager/secret:Secret", "secret")),
    ("03.1", _P, "a credential in a variable", _variable("pm-agent", "GEMINI_API_KEY", "x")),
    ("03.2", _P, "a parameter that does not exist", _variable("pm-agent", "PARAMETERS", "/agenticai/prod/other")),
    ("03.2", _P, "a parameter that may not be read", drop(ROLE_POLICY, "roles-pm-agent-parameters")),
    (
        "03.2",
        _P,
        "all parameters",
        statement(ROLE_POLICY, "roles-pm-agent-parameters", "", Resource=["arn:aws:ssm:us-east-1:222222222222:*"]),
    ),
    ("03.2", _P, "another module", set_(FUNCTION, "functions-pm-agent", handler="free_tier_usage.handler")),
    ("03.3", _P, "a value", set_(_PARAMETER, "parameters-jwt-secret", value=Secret("hunter2"))),
    ("03.3", _P, "a value that comes back", _options(_PARAMETER, "parameters-jwt-secret")),
    ("03.3", _P, "a key in a variable", _variable("pm-agent", "TOKEN", "AKIA" + "A" * 16)),
    ("03.4", _P, "a user", add("aws:iam/user:User", "user")),
    ("03.4", _P, "a key of a user", add("aws:iam/accessKey:AccessKey", "key")),
    ("03.4", _P, "no role", set_(FUNCTION, "functions-pm-agent", role=None)),
    ("03.4", _P, "a role of others", set_(ROLE, "roles-pm-agent", assumeRolePolicy=_trust({"AWS": "*"}))),
    ("03.4", _P, "a key in a variable", _variable("pm-agent", "AWS_SECRET_ACCESS_KEY", "x")),
    ("03.5", _P, "plain text", set_(_PARAMETER, "parameters-jwt-secret", type="String")),
    ("03.5", _P, "a foreign key", set_(_PARAMETER, "parameters-jwt-secret", keyId="alias/other")),
    ("04.1", _P, "a foreign group", _inside(FUNCTION, "functions-pm-agent", "loggingConfig.logGroup", "/other")),
    ("04.1", _P, "no right", drop(ROLE_POLICY, "roles-pm-agent-log-pm-agent")),
    ("04.2", _P, "later", set_(_ALARM, "errors-pm-agent", threshold=6)),
    ("04.2", _P, "no alarm", drop(_ALARM, "errors-pm-agent")),
    ("04.2", _P, "no action", set_(_ALARM, "errors-pm-agent", alarmActions=[])),
    ("04.2", _P, "nobody listens", drop(_SUBSCRIPTION, "")),
    ("04.2", _P, "the other way", set_(_ALARM, "errors-pm-agent", comparisonOperator="LessThanThreshold")),
    ("04.3", _P, "later", set_(_ALARM, "duration-pm-agent", threshold=270_000)),
    ("04.3", _P, "another timeout", set_(FUNCTION, "functions-pm-agent", timeout=400)),
    ("04.3", _P, "the average", set_(_ALARM, "duration-pm-agent", statistic="Average")),
    ("04.4", _P, "later", set_(_ALARM, "table-throttles", threshold=10)),
    ("04.4", _P, "another table", set_(TABLE, "tables-data", name="prod-agenticai-others")),
    ("04.4", _P, "no alarm", drop(_ALARM, "table-throttles")),
    ("04.5", _P, "longer", set_(LOG_GROUP, "functions-pm-agent-log", retentionInDays=30)),
    ("04.5", _P, "for ever", set_(LOG_GROUP, "functions-pm-agent-log", retentionInDays=None)),
    ("05.1a", _P, "old TLS", set_(_DOMAIN, "", securityPolicy="TLS_1_0")),
    ("05.1a", _P, "AWS's address", set_(_REST, "", disableExecuteApiEndpoint=False)),
    ("05.1a", _P, "a listener of HTTP", add("aws:lb/listener:Listener", "http", protocol="HTTP", port=80)),
    ("05.1a", _P, "no API", drop(_REST, "")),
    ("05.1b", _P, "no domain", drop(_DOMAIN, "")),
    ("05.1b", _P, "another domain", set_(_DOMAIN, "", domainName="other.example.com")),
    ("05.1b", _P, "no mapping", drop("aws:apigateway/basePathMapping:BasePathMapping", "")),
    ("05.1b", _UP, "no certificate", drop("aws:acm/certificateValidation:CertificateValidation", "")),
    ("05.1b", _P, "none in the settings", settings(api={"allowed_origin": "https://a.example.com"})),
    ("05.2a", _P, "no validator", set_(_METHOD, "api-api-projects-post", requestValidatorId=None)),
    ("05.2a", _P, "no model", set_(_METHOD, "api-api-projects-post", requestModels={})),
    ("05.2b", _P, "more", _inside(_METHOD_SETTINGS, "", "settings.throttlingRateLimit", 5000)),
    ("05.2b", _P, "no settings", drop(_METHOD_SETTINGS, "")),
    ("05.2b", _P, "messages without limit", set_(_SOCKET_STAGE, "", defaultRouteSettings={})),
    ("05.3", _P, "everything", add_statement(ROLE_POLICY, "roles-pm-agent-table-data", **_STAR)),
    ("05.3", _P, "a managed policy", set_(ROLE, "roles-pm-agent", managedPolicyArns=["arn:aws:iam::aws:policy/A"])),
    ("05.4a", _P, "no key", set_(TABLE, "tables-data", serverSideEncryption={"enabled": False})),
    ("05.4b", _P, "no setting", drop(_ENCRYPTION, "buckets-exports-encryption")),
    ("05.5", _P, "everybody", settings(api={"allowed_origin": "*"})),
    ("05.5", _P, "another origin", settings(api={"allowed_origin": "https://other.example.com"})),
    ("05.5", _P, "the function's", _variable("api-handler", "ALLOWED_ORIGIN", "*")),
    ("05.5", _P, "the gateway's", set_(_RESPONSE, "api-4xx", responseParameters={})),
    ("06.1", _P, "off", set_(TABLE, "tables-data", pointInTimeRecovery={"enabled": False})),
    ("06.3", _P, "every month", set_(_RULE, "rules-weekly-export", scheduleExpression="cron(0 3 1 * ? *)")),
    ("06.3", _P, "off", set_(_RULE, "rules-weekly-export", state="DISABLED")),
    ("06.3", _P, "no recovery", set_(TABLE, "tables-data", pointInTimeRecovery=None)),
    ("06.3", _P, "no right to export", drop(ROLE_POLICY, "roles-weekly-export-table-data")),
    ("06.3", _P, "no right to write", drop(ROLE_POLICY, "roles-weekly-export-bucket-exports")),
    ("06.3", _P, "no archive", _variable("weekly-export", "EXPORT_BUCKET", None)),
    (
        "06.5",
        _P,
        "a short window",
        set_(TABLE, "tables-data", pointInTimeRecovery={"enabled": True, "recoveryPeriodInDays": 3}),
    ),
    ("06.5", _P, "exports that go early", set_(_LIFECYCLE, "exports-lifecycle", rules=_rule(expiration={"days": 3}))),
    (
        "06.5",
        _P,
        "versions that go early",
        set_(_LIFECYCLE, "generated-code-lifecycle", rules=_rule(noncurrentVersionExpiration={"noncurrentDays": 1})),
    ),
    ("06.5", _P, "no versions", drop(_VERSIONING, "exports-versioning")),
    ("07.1", _P, "more", set_(FUNCTION, "functions-pm-agent", reservedConcurrentExecutions=3)),
    ("07.1", _P, "none", set_(FUNCTION, "functions-pm-agent", reservedConcurrentExecutions=None)),
    ("07.1", _P, "more from the queue", set_(_MAPPING, "consumers-pm-agent", scalingConfig={"maximumConcurrency": 20})),
    ("07.1", _P, "another function", add(FUNCTION, "other", name="prod-agenticai-other")),
    ("07.2", _P, "more", _inside(_PLAN, "api-plan-clients", "throttleSettings.rateLimit", 200)),
    ("07.2", _P, "no quota", set_(_PLAN, "api-plan-clients", quotaSettings=None)),
    ("07.2", _P, "no key", drop(_KEY, "")),
    ("07.2", _P, "a key without plan", drop("aws:apigateway/usagePlanKey:UsagePlanKey", "")),
    ("07.2", _P, "an open route", set_(_METHOD, "api-api-projects-get", apiKeyRequired=False)),
    ("07.2", _P, "a key that is off", set_(_KEY, "", enabled=False)),
    ("07.2", _UP, "a plan without the WebSocket API", edit(_PLAN, "", lambda r: _stages(r, slice(0, 1)))),
    ("07.3", _P, "provisioned", set_(TABLE, "tables-data", billingMode="PROVISIONED")),
    ("07.4", _P, "a function without the code", refer(FUNCTION, "functions-pm-agent", "layers", (TABLE, ""))),
    ("07.5", _UP, "later", set_(_ALARM, "allowance-queue-requests", threshold=90)),
    ("07.5", _UP, "no alarm", drop(_ALARM, "allowance-queue-requests")),
    ("07.5", _UP, "nothing measured", _variable("free-tier-usage", "ALLOWANCES", "{}")),
    ("07.5", _UP, "another namespace", _variable("free-tier-usage", "METRIC_NAMESPACE", "other")),
    ("07.5", _UP, "no right", drop(ROLE_POLICY, "roles-free-tier-usage-metrics")),
    ("07.5", _UP, "no schedule", drop(_RULE, "rules-free-tier-usage")),
    ("07.5", _UP, "every week", set_(_RULE, "rules-free-tier-usage", scheduleExpression="rate(7 days)")),
    ("08.2", _P, "another role", set_(ROLE, "roles-pm-agent", name="prod-agenticai-another")),
    ("08.2", _P, "another right", add_statement(ROLE_POLICY, "roles-pm-agent-table-data", Action=["sqs:ListQueues"])),
    ("08.4", _P, "another size", set_(FUNCTION, "functions-pm-agent", memorySize=2048)),
    ("08.4", _P, "another queue", add(_QUEUE, "other", name="prod-agenticai-other")),
    ("08.4", _P, "a method less", drop(_METHOD, "api-api-projects-get")),
    ("08.5", _P, "another variable", _variable("pm-agent", "OTHER", "x")),
    ("09.1", _P, "a function without the code", refer(FUNCTION, "functions-pm-agent", "layers", (TABLE, ""))),
    ("09.2", _P, "other keys", set_(TABLE, "tables-data", hashKey="SK", rangeKey="PK")),
    ("09.3", _P, "two tables", add(TABLE, "tables-other", name="prod-agenticai-other")),
    ("09.3", _P, "no index", set_(TABLE, "tables-data", globalSecondaryIndexes=[])),
    ("09.3", _P, "no sort key", set_(TABLE, "tables-data", rangeKey=None)),
    ("09.4", _P, "other keys", set_(TABLE, "tables-data", hashKey="id")),
    ("09.5", _P, "no right", drop(ROLE_POLICY, "roles-api-handler-table-data")),
    (
        "09.5",
        _P,
        "no right on indexes",
        statement(ROLE_POLICY, "roles-api-handler-table-data", "QueryIndexes", Effect="Deny"),
    ),
]


def _stages(row: Resource, some: slice) -> Resource:
    return dataclasses.replace(row, inputs={**row.inputs, "apiStages": row.inputs["apiStages"][some]})


OPEN: list[Row] = [
    ("00.4", _P, "a size", set_(FUNCTION, "functions-dev-agent", memorySize=UNKNOWN)),
    ("01.1", _P, "a class of storage", set_(TABLE, "tables-data", tableClass=UNKNOWN)),
    ("01.2", _P, "a table's name", set_(TABLE, "tables-data", name=UNKNOWN)),
    ("01.3", _P, "a limit", _inside(_PLAN, "api-plan-clients", "quotaSettings.limit", UNKNOWN)),
    ("01.5", _P, "dead letters", set_(_QUEUE, "queues-pm-queue", redrivePolicy=UNKNOWN)),
    ("04.3", _P, "a timeout", set_(FUNCTION, "functions-pm-agent", timeout=UNKNOWN)),
    ("05.3", _P, "a policy", set_(ROLE_POLICY, "roles-pm-agent-table-data", policy=UNKNOWN)),
    ("07.1", _P, "a reservation", set_(FUNCTION, "functions-pm-agent", reservedConcurrentExecutions=UNKNOWN)),
    ("07.3", _P, "a mode", set_(TABLE, "tables-data", billingMode=UNKNOWN)),
    ("07.5", _P, "nothing", lambda old: old),
    ("08.4", _P, "a size", set_(FUNCTION, "functions-pm-agent", memorySize=UNKNOWN)),
    ("09.3", _P, "an index", set_(TABLE, "tables-data", globalSecondaryIndexes=UNKNOWN)),
]
# (criterion, change, word, decision): met in another way, by a choice of the settings.
CHOSEN = [
    (
        "01.2",
        set_(TABLE, "tables-data", billingMode="PROVISIONED", readCapacity=5, writeCapacity=5),
        "pass",
        0,
    ),
    (
        "07.3",
        lambda old: settings(table={"billing": "provisioned"})(
            set_(TABLE, "tables-data", billingMode="PROVISIONED")(old)
        ),
        "deviation",
        33,
    ),
    ("01.5", edit(_MAPPING, "", lambda r: None), "pass", 0),
    ("00.9", add("aws:ec2/securityGroup:SecurityGroup", "sockets"), "pass", 0),
    (
        "07.1",
        lambda old: settings(functions={"reserve_concurrency": False})(
            edit(FUNCTION, "", lambda r: _without(r, "reservedConcurrentExecutions"))(old)
        ),
        "deviation",
        36,
    ),
]


def _without(row: Resource, name: str) -> Resource:
    return dataclasses.replace(row, inputs={key: value for key, value in row.inputs.items() if key != name})


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize(("number", "change", "word", "decision"), CHOSEN, ids=[row[0] for row in CHOSEN])
def test_a_choice_of_the_settings_is_judged_as_such(number: str, change: Change, word: str, decision: int) -> None:
    found = verdict(number, change(whole(_P)))
    assert (found.word, found.decision) == (word, decision), found
