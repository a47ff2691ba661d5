"""What of a stack is free: every way to leave an allowance, both kinds of account, and what nothing is known of."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from plumbline.free_tier.assess import Assessment, Standing, assess
from plumbline.free_tier.data import Demand, tiers
from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph

TABLE = "aws:dynamodb/table:Table"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE = "arn:aws:sqs:us-east-1:111111111111:tasks"


def resource(type_: str, name: str = "one", **inputs: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:s::p::{type_}::{name}", type=type_, name=name, inputs=inputs)


def assessed(*resources: Resource, account: str = "after", demands: tuple[Demand, ...] = ()) -> Assessment:
    return assess(StackGraph.of("s", "p", resources, {}), "shop", account, tiers(), demands)


def standing(type_: str, **inputs: Any) -> Standing:
    return assessed(resource(type_, **inputs)).standings[0]


def parts(type_: str, **inputs: Any) -> list[str]:
    return [part.name for part in standing(type_, **inputs).parts]


INSIDE = [
    (TABLE, {"billingMode": "PROVISIONED", "readCapacity": 25, "writeCapacity": 25}),
    (TABLE, {}),  # provisioned is what the provider takes where nothing is said
    ("aws:lambda/function:Function", {"ephemeralStorage": {"size": 512}, "reservedConcurrentExecutions": 2}),
    ("aws:sqs/queue:Queue", {"fifoQueue": True}),
    (ALARM, {"period": 60}),
    ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 7}),
    ("aws:ssm/parameter:Parameter", {"type": "SecureString", "value": Secret("x"), "tier": "Standard"}),
    ("aws:sns/topic:Topic", {}),
    ("aws:scheduler/schedule:Schedule", {}),
    ("aws:sfn/stateMachine:StateMachine", {"type": "STANDARD"}),
    ("aws:cloudfront/distribution:Distribution", {}),
]


@pytest.mark.parametrize(("type_", "inputs"), INSIDE, ids=[row[0].rpartition(":")[2] for row in INSIDE])
def test_what_is_inside_an_allowance_costs_nothing(type_: str, inputs: dict[str, Any]) -> None:
    found = standing(type_, **inputs)
    assert (found.word, found.parts) == ("allowance", ())


FREE = [
    ("aws:iam/role:Role", {}),
    ("aws:lambda/alias:Alias", {}),
    ("aws:acm/certificate:Certificate", {"domainName": "a.example"}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Gateway"}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {}),  # a gateway, where nothing is said
    ("aws:apigateway/stage:Stage", {"cacheClusterEnabled": False}),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "lambda"}),
    ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", {"rules": [{"expiration": {"days": 7}}]}),
    ("aws:ecs/cluster:Cluster", {}),
    ("aws:budgets/budget:Budget", {}),
]


@pytest.mark.parametrize(("type_", "inputs"), FREE, ids=[f"{index}" for index in range(len(FREE))])
def test_what_has_no_charge_of_its_own_says_why_and_where_that_was_read(type_: str, inputs: dict[str, Any]) -> None:
    found = standing(type_, **inputs)
    assert (found.word, found.parts) == ("free", ())
    assert found.free
    assert found.sources


LEAVING = [
    (TABLE, {"billingMode": "PAY_PER_REQUEST"}, ["on-demand"]),
    (TABLE, {"pointInTimeRecovery": {"enabled": True}}, ["point-in-time-recovery"]),
    (TABLE, {"replicas": [{"regionName": "eu-west-1"}]}, ["replicas"]),
    (TABLE, {"tableClass": "STANDARD_INFREQUENT_ACCESS"}, ["infrequent-access"]),
    (TABLE, {"writeCapacity": 26, "readCapacity": 1}, ["write-capacity"]),
    (TABLE, {"readCapacity": 20, "globalSecondaryIndexes": [{"readCapacity": 6}]}, ["read-capacity"]),
    ("aws:lambda/function:Function", {"ephemeralStorage": {"size": 513}}, ["ephemeral-storage"]),
    ("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", {}, ["use"]),
    ("aws:apigateway/stage:Stage", {"cacheClusterEnabled": True}, ["cache"]),
    (
        "aws:apigateway/restApi:RestApi",
        {"endpointConfiguration": {"types": "PRIVATE"}},
        ["private-endpoint", "rest-calls"],
    ),
    ("aws:apigatewayv2/api:Api", {"protocolType": "WEBSOCKET"}, ["websocket-messages"]),
    ("aws:apigatewayv2/api:Api", {"protocolType": "HTTP"}, ["http-calls"]),
    ("aws:apigatewayv2/api:Api", {"protocolType": "SMOKE"}, ["protocolType"]),
    ("aws:s3/bucket:Bucket", {}, ["s3-standard"]),
    ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", {}, ["use"]),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"rules": [{"id": "a"}, {"transitions": [{"storageClass": "GLACIER"}]}]},
        ["transitions"],
    ),
    (ALARM, {"period": 10}, ["high-resolution"]),
    (ALARM, {"metricQueries": [{"expression": 'SELECT AVG(x) FROM "y"'}]}, ["metrics-insights"]),
    (ALARM, {"metricQueries": [{"metric": {"metricName": f"m{n}"}} for n in range(11)]}, ["alarms"]),
    ("aws:cloudwatch/compositeAlarm:CompositeAlarm", {}, ["use"]),
    ("aws:ssm/parameter:Parameter", {"tier": "Advanced"}, ["advanced-tier"]),
    ("aws:ssm/parameter:Parameter", {"tier": "Intelligent-Tiering"}, ["intelligent-tiering"]),
    (
        "aws:ssm/serviceSetting:ServiceSetting",
        {"settingId": "/ssm/parameter-store/high-throughput-enabled"},
        ["higher-throughput"],
    ),
    ("aws:kms/key:Key", {}, ["use"]),
    ("aws:secretsmanager/secret:Secret", {}, ["use"]),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "email"}, ["email"]),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "https"}, ["http"]),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "sms"}, ["sms"]),
    ("aws:acm/certificate:Certificate", {"options": {"export": "ENABLED"}}, ["exportable"]),
    ("aws:acm/certificate:Certificate", {"certificateAuthorityArn": "arn:aws:acm-pca:x"}, ["private-authority"]),
    ("aws:route53/zone:Zone", {}, ["use"]),
    ("aws:ec2/natGateway:NatGateway", {}, ["use"]),
    ("aws:ec2/flowLog:FlowLog", {}, ["use"]),
    ("aws:ec2/eip:Eip", {}, ["use"]),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface"}, ["interface-endpoint"]),
    ("aws:lb/loadBalancer:LoadBalancer", {}, ["load-balancer"]),
    ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network"}, ["network-load-balancer", "load-balancer"]),
    ("aws:ecs/service:Service", {"launchType": "FARGATE"}, ["use"]),
    ("aws:ecs/service:Service", {"networkConfiguration": {"assignPublicIp": True}}, ["public-addresses", "use"]),
    ("aws:ecr/repository:Repository", {}, ["ecr-private"]),
    ("aws:sfn/stateMachine:StateMachine", {"type": "EXPRESS"}, ["express"]),
    ("aws:cloudwatch/eventBus:EventBus", {}, ["use"]),
    ("aws:cloudwatch/eventArchive:EventArchive", {}, ["use"]),
    ("aws:wafv2/webAcl:WebAcl", {}, ["use"]),
]


@pytest.mark.parametrize(
    ("type_", "inputs", "expected"), LEAVING, ids=[f"{row[0].rpartition(':')[2]}-{'-'.join(row[2])}" for row in LEAVING]
)
def test_what_leaves_the_allowance_is_named_and_fails(type_: str, inputs: dict[str, Any], expected: list[str]) -> None:
    found = assessed(resource(type_, **inputs))
    assert [part.name for part in found.standings[0].parts] == expected
    assert (found.standings[0].word, found.status) == ("undemanded", 1)


def test_every_way_to_cost_that_the_data_knows_is_tried_here() -> None:
    known = {
        (type_, part)
        for type_, kind in tiers().by_type.items()
        for part in tiers().parts(type_)
        if kind.types[0] == type_
    }
    tried = {(type_, name) for type_, _, names in LEAVING for name in names}
    counted = {
        ("aws:cloudwatch/dashboard:Dashboard", "dashboards"),
        (FILTER, "custom-metrics"),
        (MAPPING, "idle-polling"),
    }  # by a test of their own
    assert known - tried == counted


def test_a_type_that_the_data_does_not_know_is_told_and_fails() -> None:
    found = assessed(resource("aws:guardduty/detector:Detector"))
    assert [(one.word, one.parts) for one in found.standings] == [("unknown", ())]
    assert found.status == 1


def test_the_engines_own_resources_and_components_are_left_out() -> None:
    component = Resource(urn="urn:c", type="plumbline:components:Tables", name="tables", custom=False)
    found = assessed(resource("pulumi:providers:aws"), component)
    assert (found.standings, found.status) == ((), 0)


def test_a_setting_that_only_aws_can_tell_is_not_silently_free() -> None:
    (part,) = standing(TABLE, billingMode=UNKNOWN).parts
    assert (part.name, part.certain, part.path) == ("on-demand", False, "billingMode")
    assert part.text.startswith("not known yet whether: ")
    assert parts("aws:apigatewayv2/api:Api", protocolType=UNKNOWN) == ["protocolType"]
    assert parts(ALARM, metricQueries=UNKNOWN) == ["metrics-insights", "alarms"]


def test_a_secret_setting_is_judged_by_what_it_holds() -> None:
    assert parts(TABLE, billingMode=Secret("PAY_PER_REQUEST")) == ["on-demand"]
    assert parts(TABLE, billingMode=Secret("PROVISIONED")) == []
    assert parts(TABLE, billingMode=Secret()) == ["on-demand"]


def test_what_no_source_was_found_for_is_told_as_that() -> None:
    (part,) = standing(TABLE, tableClass="STANDARD_INFREQUENT_ACCESS").parts
    assert (part.certain, part.price, part.sources) == (False, "", ())
    assert part.text == "no source was found: whether the free storage covers this table class"


def test_alarms_are_counted_over_the_stack_and_those_beyond_ten_cost() -> None:
    alarms = [resource(ALARM, f"a{number:02}", period=60) for number in range(11)]
    found = assessed(*alarms)
    assert [one.resource.name for one in found.standings if one.parts] == ["a10"]
    assert [(used.name, used.resources, used.amount, used.usd) for used in found.used] == [("alarms", 11, 11, 0.1)]
    assert assessed(*alarms[:10]).status == 0


def test_an_alarm_that_uses_nothing_of_the_allowance_leaves_it_to_others() -> None:
    alarms = [resource(ALARM, f"a{number:02}", period=10 if number < 5 else 60) for number in range(15)]
    found = assessed(*alarms)
    assert [part.name for one in found.standings for part in one.parts] == ["high-resolution"] * 5
    assert [(used.name, used.resources, used.amount) for used in found.used] == [("alarms", 10, 10)]


def test_dashboards_and_custom_metrics_are_counted() -> None:
    boards = [resource("aws:cloudwatch/dashboard:Dashboard", f"b{number}") for number in range(4)]
    filters = [resource(FILTER, f"f{number:02}") for number in range(11)]
    found = assessed(*boards, *filters)
    assert [(one.resource.name, [part.name for part in one.parts]) for one in found.standings if one.parts] == [
        ("b3", ["dashboards"]),
        ("f10", ["custom-metrics"]),
    ]


def polling(number: int, **inputs: Any) -> Resource:
    return resource(MAPPING, f"m{number}", **{"eventSourceArn": QUEUE, **inputs})


def test_idle_polling_is_counted_over_the_queues_that_functions_read() -> None:
    found = assessed(resource("aws:sqs/queue:Queue"), *(polling(number) for number in range(4)))
    assert [[part.name for part in one.parts] for one in found.standings] == [[], [], *[["idle-polling"]] * 3]
    # Five polls of 20 s at a time for 30 days, and $0.40 for a million of what is beyond the first.
    assert [(used.name, used.amount, used.usd) for used in found.used] == [("sqs-requests", 4 * 648_000, 0.64)]
    assert assessed(polling(0)).status == 0


def test_what_polls_no_queue_counts_nothing() -> None:
    stream = polling(1, eventSourceArn="arn:aws:kinesis:us-east-1:111111111111:stream/tasks")
    stopped = [polling(2, enabled=False), polling(3, enabled="false")]
    found = assessed(polling(0), stream, *stopped)
    assert [(one.word, one.allowances) for one in found.standings] == [
        ("allowance", ("sqs-requests",)),
        ("free", ()),
        *[("allowance", ("sqs-requests",))] * 2,
    ]
    assert [(used.amount, used.usd) for used in found.used] == [(648_000, None)]


def test_a_queue_whose_arn_is_not_known_yet_is_known_by_what_it_comes_from() -> None:
    def of(type_: str) -> Resource:
        urn = f"urn:pulumi:s::p::{type_}::source"
        given = polling(0, eventSourceArn=UNKNOWN)
        return dataclasses.replace(given, property_dependencies={"eventSourceArn": (urn,)})

    assert [used.amount for used in assessed(of("aws:sqs/queue:Queue")).used] == [648_000]
    assert assessed(of("aws:kinesis/stream:Stream")).used == ()
    (part,) = assessed(polling(0, eventSourceArn=UNKNOWN)).standings[0].parts
    assert (part.name, part.certain, part.path) == ("idle-polling", False, "eventSourceArn")
    assert parts(MAPPING, eventSourceArn=QUEUE, enabled=UNKNOWN) == ["idle-polling"]


def test_provisioned_capacity_is_added_up_over_tables_and_indexes() -> None:
    first = resource(TABLE, "t1", readCapacity=10, writeCapacity=5, globalSecondaryIndexes=[{"readCapacity": 10}])
    second = resource(TABLE, "t2", readCapacity="6", writeCapacity="5")  # a state holds numbers as texts, too
    found = assessed(first, second)
    assert [[part.name for part in one.parts] for one in found.standings] == [[], ["read-capacity"]]
    amounts = {used.name: used.amount for used in found.used}
    assert amounts == {"dynamodb-storage": None, "dynamodb-write-capacity": 10, "dynamodb-read-capacity": 26}


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("before", "was free for the account's first twelve months (1,000,000 REST API calls a month); they are over"),
        ("after", "has no free amount for new accounts: charged from the first use, out of the credits"),
    ],
)
def test_twelve_month_offers_are_over_for_both_kinds_of_account(account: str, said: str) -> None:
    found = assessed(resource("aws:apigateway/restApi:RestApi"), account=account)
    assert [(part.name, part.text) for part in found.standings[0].parts] == [("rest-calls", said)]
    assert (found.status, found.used) == (1, ())


def test_what_is_always_free_is_so_for_both_kinds_of_account() -> None:
    for account in tiers().accounts:
        assert assessed(resource("aws:sqs/queue:Queue"), account=account).status == 0


DEMAND = Demand(type=TABLE, part="on-demand", criterion="SHOP-01.1", reason="asks for billing on demand")


def test_a_cost_that_a_criterion_demands_is_told_and_passes() -> None:
    found = assessed(resource(TABLE, billingMode="PAY_PER_REQUEST"), demands=(DEMAND,))
    assert [(one.word, one.parts[0].demand) for one in found.standings] == [("demanded", DEMAND)]
    assert (found.status, found.unused) == (0, ())


def test_a_demand_covers_its_own_part_only() -> None:
    table = resource(TABLE, billingMode="PAY_PER_REQUEST", pointInTimeRecovery={"enabled": True})
    found = assessed(table, demands=(DEMAND,))
    assert [(part.name, part.demand is not None) for part in found.standings[0].parts] == [
        ("on-demand", True),
        ("point-in-time-recovery", False),
    ]
    assert (found.standings[0].word, found.status) == ("undemanded", 1)


def test_a_demand_may_name_resources_and_says_where_it_covers_none() -> None:
    demand = DEMAND.model_copy(update={"resources": ("orders-*",)})
    tables = [resource(TABLE, name, billingMode="PAY_PER_REQUEST") for name in ("orders-a", "users")]
    found = assessed(*tables, demands=(demand,))
    assert [one.word for one in found.standings] == ["demanded", "undemanded"]
    assert assessed(resource(TABLE), demands=(demand,)).unused == (demand,)
