"""The in-process AWS holds the alarms, dashboards, filters of logs and time series that a program declares."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, TRUST, part, readers, rehearse

TEAM = {"Owner": "team"}
TAGS = [{"Key": "Owner", "Value": "team"}]
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
ALARMS = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm"
SERIES = f"arn:aws:timestream:{REGION}:{ACCOUNT}:database/metrics"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
BODY = json.dumps({"widgets": []})
PASSWORD = "not-to-be-seen"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "delivery.logs.amazonaws.com"},
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}
DELIVERY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
RETENTION = {"memory_store_retention_period_in_hours": 24, "magnetic_store_retention_period_in_days": 365}
PARTITION = {"type": "DIMENSION", "name": "symbol", "enforcement_in_record": "REQUIRED"}
REJECTED = {"bucket_name": "rejected", "object_key_prefix": "prices/", "encryption_option": "SSE_S3"}


def monitoring() -> None:
    """Register one resource of each type at least."""
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    opts = pulumi.ResourceOptions(provider=provider)
    simple = aws.cloudwatch.MetricAlarm(
        "simple",
        name="errors",
        alarm_description="Errors",
        namespace="AWS/Lambda",
        metric_name="Errors",
        dimensions={"FunctionName": "function"},
        statistic="Sum",
        period=60,
        evaluation_periods=3,
        datapoints_to_alarm=2,
        threshold=1,
        comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[TOPIC],
        ok_actions=[TOPIC],
        insufficient_data_actions=[],
        tags=TEAM,
        opts=opts,
    )
    metric = {"metric_name": "Errors", "namespace": "AWS/Lambda", "period": 300, "stat": "Sum", "unit": "Count"}
    aws.cloudwatch.MetricAlarm(
        "queries",
        name="error-rate",
        evaluation_periods=1,
        comparison_operator="GreaterThanThreshold",
        threshold=0.05,
        actions_enabled=False,
        metric_queries=[
            {"id": "errors", "metric": {**metric, "dimensions": {"FunctionName": "function"}}},
            {"id": "rate", "expression": "errors / 300", "label": "Rate", "return_data": True},
        ],
        opts=opts,
    )
    aws.cloudwatch.CompositeAlarm(
        "both", alarm_name="both", alarm_rule=simple.name.apply(lambda name: f"ALARM({name})"), opts=opts
    )
    aws.cloudwatch.Dashboard("dashboard", dashboard_name="team", dashboard_body=BODY, opts=opts)

    log = aws.cloudwatch.LogGroup("log", name="/team/app", opts=opts)
    aws.cloudwatch.LogMetricFilter(
        "filter",
        name="errors",
        log_group_name=log.name,
        pattern="{ $.level = ERROR }",
        metric_transformation={
            "name": "Errors",
            "namespace": "Team",
            "value": "1",
            "default_value": "0",
            "unit": "Count",
        },
        opts=opts,
    )
    role = aws.iam.Role("role", name="role", assume_role_policy=TRUST, opts=opts)
    code = pulumi.AssetArchive({"main.py": pulumi.StringAsset("X = 1")})
    reader = aws.lambda_.Function(
        "reader", name="reader", role=role.arn, runtime="python3.13", handler="main.run", code=code, opts=opts
    )
    aws.cloudwatch.LogSubscriptionFilter(
        "read", name="read", log_group=log.name, filter_pattern="ERROR", destination_arn=reader.arn, opts=opts
    )
    aws.cloudwatch.LogResourcePolicy("delivery", policy_name="delivery", policy_document=DELIVERY, opts=opts)

    database = aws.timestreamwrite.Database("database", database_name="metrics", kms_key_id=KEY, tags=TEAM, opts=opts)
    aws.timestreamwrite.Table(
        "table",
        database_name=database.database_name,
        table_name="prices",
        retention_properties=RETENTION,
        magnetic_store_write_properties={
            "enable_magnetic_store_writes": True,
            "magnetic_store_rejected_data_location": {"s3_configuration": REJECTED},
        },
        schema={
            "composite_partition_key": {"type": "DIMENSION", "name": "symbol", "enforcement_in_record": "REQUIRED"}
        },
        tags=TEAM,
        opts=opts,
    )
    influx(opts)


def influx(opts: pulumi.ResourceOptions) -> None:
    """Register two InfluxDB instances in a network of two zones."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
    subnets = [
        aws.ec2.Subnet(
            f"subnet-{zone}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{number}.0/24",
            availability_zone=f"{REGION}{zone}",
            opts=opts,
        )
        for number, zone in enumerate("ab")
    ]
    group = aws.ec2.SecurityGroup("group", name="influx", vpc_id=vpc.id, opts=opts)
    owner = {"organization": "team", "bucket": "prices", "username": "admin"}
    shape = {"db_instance_type": "db.influx.medium", "allocated_storage": 20, "vpc_security_group_ids": [group.id]}
    aws.timestreaminfluxdb.DbInstance(
        "first",
        name="first",
        **owner,
        **shape,
        password=pulumi.Output.secret(PASSWORD),
        vpc_subnet_ids=[subnet.id for subnet in subnets],
        deployment_type="WITH_MULTIAZ_STANDBY",
        port=8181,
        tags=TEAM,
        opts=opts,
    )
    aws.timestreaminfluxdb.DbInstance(
        "second",
        name="second",
        **owner,
        **shape,
        password=pulumi.Output.secret(PASSWORD),
        vpc_subnet_ids=[subnets[1].id],
        opts=opts,
    )


def look() -> dict[str, Any]:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    watch, logs, series = session.client("cloudwatch"), session.client("logs"), session.client("timestream-write")
    influx, secrets = session.client("timestream-influxdb"), session.client("secretsmanager")
    instances = {
        row["name"]: influx.get_db_instance(identifier=row["id"]) for row in influx.list_db_instances()["items"]
    }
    return {
        "alarms": {row["AlarmName"]: row for row in watch.describe_alarms()["MetricAlarms"]},
        "alarm tags": watch.list_tags_for_resource(ResourceARN=f"{ALARMS}:errors")["Tags"],
        "dashboard": watch.get_dashboard(DashboardName="team"),
        "filters": logs.describe_metric_filters(logGroupName="/team/app")["metricFilters"],
        "subscriptions": logs.describe_subscription_filters(logGroupName="/team/app")["subscriptionFilters"],
        "policies": logs.describe_resource_policies()["resourcePolicies"],
        "database": series.describe_database(DatabaseName="metrics")["Database"],
        "database tags": series.list_tags_for_resource(ResourceARN=SERIES)["Tags"],
        "table": series.describe_table(DatabaseName="metrics", TableName="prices")["Table"],
        "instances": instances,
        "instance tags": influx.list_tags_for_resource(resourceArn=instances["first"]["arn"])["tags"],
        "secrets": {
            row["ARN"]: json.loads(secrets.get_secret_value(SecretId=row["ARN"])["SecretString"])
            for row in secrets.list_secrets()["SecretList"]
        },
    }


whole, seen, identity, outputs = readers(monitoring, look)


def test_of_the_monitoring_only_composite_alarms_are_simulated() -> None:
    assert whole().simulated == {"aws:cloudwatch/compositeAlarm:CompositeAlarm": 1}


def test_an_alarm_watches_a_metric() -> None:
    arn = f"{ALARMS}:errors"
    expected = {
        "AlarmArn": arn,
        "AlarmDescription": "Errors",
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        "InsufficientDataActions": [],
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": "function"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    assert part(seen("alarms")["errors"], expected) == expected
    assert seen("alarm tags") == TAGS
    assert (identity("simple"), outputs("simple")) == ("errors", {"arn": arn})


def test_an_alarm_watches_what_queries_return() -> None:
    found = seen("alarms")["error-rate"]
    assert (found["ActionsEnabled"], found["Threshold"]) == (False, 0.05)
    assert found["Metrics"] == [
        {
            "Id": "errors",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": "Errors",
                    "Dimensions": [{"Name": "FunctionName", "Value": "function"}],
                },
                "Period": 300,
                "Stat": "Sum",
                "Unit": "Count",
            },
        },
        {"Id": "rate", "Expression": "errors / 300", "Label": "Rate", "ReturnData": True},
    ]


def latency(name: str, statistic: str, **settings: Any) -> None:
    aws.cloudwatch.MetricAlarm(
        name,
        name=statistic,
        namespace="AWS/Lambda",
        metric_name="Duration",
        extended_statistic=statistic,
        period=60,
        evaluation_periods=1,
        threshold=1,
        comparison_operator="GreaterThanThreshold",
        **settings,
    )


def test_an_alarm_watches_percentiles_and_trimmed_means() -> None:
    def program() -> None:
        latency("percentile", "p99.9")
        latency("mean", "tm90")

    def alarms() -> dict[str, Any]:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        found = session.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return {row["AlarmName"]: row.get("ExtendedStatistic") for row in found}

    made = rehearse(program, alarms)
    assert made.evaluation.mistakes == ()
    assert made.seen == {"p99.9": "p99.9", "tm90": None}  # moto knows percentiles only


def test_a_dashboard_has_its_body() -> None:
    arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/team"
    assert (seen("dashboard")["DashboardArn"], seen("dashboard")["DashboardBody"]) == (arn, BODY)
    assert (identity("dashboard"), outputs("dashboard")) == ("team", {"dashboardArn": arn})


def test_a_filter_makes_a_metric_of_logs() -> None:
    assert seen("filters") == [
        {
            "filterName": "errors",
            "filterPattern": "{ $.level = ERROR }",
            "logGroupName": "/team/app",
            "metricTransformations": [
                {
                    "metricName": "Errors",
                    "metricNamespace": "Team",
                    "metricValue": "1",
                    "defaultValue": 0.0,
                    "unit": "Count",
                }
            ],
        }
    ]
    assert identity("filter") == "errors"


def test_a_function_reads_logs() -> None:
    (found,) = seen("subscriptions")
    expected = {
        "filterName": "read",
        "filterPattern": "ERROR",
        "logGroupName": "/team/app",
        "destinationArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:reader",
    }
    assert part(found, expected) == expected
    assert identity("read") == "cwlsf-254358168"  # the provider's number for the group's name


def test_services_may_write_logs() -> None:
    (found,) = seen("policies")
    assert (found["policyName"], json.loads(found["policyDocument"])) == ("delivery", json.loads(DELIVERY))
    assert (identity("delivery"), outputs("delivery")) == ("delivery", {"policyScope": "ACCOUNT"})


def test_a_time_series_has_its_key_and_times() -> None:
    expected = {"Arn": SERIES, "DatabaseName": "metrics", "KmsKeyId": KEY}
    assert part(seen("database"), expected) == expected
    assert seen("database tags") == TAGS
    assert identity("database") == "metrics"
    assert outputs("database") == {"arn": SERIES, "kmsKeyId": KEY, "tableCount": 0}
    arn = f"{SERIES}/table/prices"
    place = {"BucketName": "rejected", "ObjectKeyPrefix": "prices/", "EncryptionOption": "SSE_S3"}
    table = {
        "Arn": arn,
        "TableName": "prices",
        "RetentionProperties": {"MemoryStoreRetentionPeriodInHours": 24, "MagneticStoreRetentionPeriodInDays": 365},
        "MagneticStoreWriteProperties": {
            "EnableMagneticStoreWrites": True,
            "MagneticStoreRejectedDataLocation": {"S3Configuration": place},
        },
        "Schema": {
            "CompositePartitionKey": [{"Type": "DIMENSION", "Name": "symbol", "EnforcementInRecord": "REQUIRED"}]
        },
    }
    assert part(seen("table"), table) == table
    assert (identity("table"), outputs("table")) == ("prices:metrics", {"arn": arn})


def test_an_influx_instance_stands_in_its_network() -> None:
    first, resources = identity("first"), whole().resources
    found = seen("instances")["first"]
    expected = {
        "id": first,
        "dbInstanceType": "db.influx.medium",
        "allocatedStorage": 20,
        "deploymentType": "WITH_MULTIAZ_STANDBY",
        "port": 8181,
        "publiclyAccessible": False,
        "vpcSubnetIds": [resources["subnet-a"].id, resources["subnet-b"].id],
        "vpcSecurityGroupIds": [resources["group"].id],
    }
    assert part(found, expected) == expected
    assert seen("instance tags") == TEAM
    (secret,) = (arn for arn in seen("secrets") if f"READONLY-InfluxDB-auth-parameters-{first}-" in arn)
    assert outputs("first") == {
        "arn": f"arn:aws:timestream-influxdb:{REGION}:{ACCOUNT}:db-instance/{first}",
        "endpoint": found["endpoint"],
        "influxAuthParametersSecretArn": secret,
        "availabilityZone": f"{REGION}a",
        "secondaryAvailabilityZone": f"{REGION}b",
    }


def test_the_first_user_of_an_influx_instance_is_kept_in_a_secret() -> None:
    value = {"organization": "team", "bucket": "prices", "username": "admin", "password": PASSWORD}
    arns = [outputs(name)["influxAuthParametersSecretArn"] for name in ("first", "second")]
    assert seen("secrets") == dict.fromkeys(arns, value)


def test_influx_instances_of_a_region_share_the_end_of_their_addresses() -> None:
    ends = {outputs(name)["endpoint"].removeprefix(identity(name)) for name in ("first", "second")}
    assert len(ends) == 1
    assert "secondaryAvailabilityZone" not in outputs("second")


def test_the_same_monitoring_twice_has_the_same_ids() -> None:
    again = rehearse(monitoring)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, dict(first.outputs)) == (second.urn, second.id, dict(second.outputs))


def broken_body() -> None:
    aws.cloudwatch.Dashboard("it", dashboard_name="team", dashboard_body="{widgets")


def percentile_of_few() -> None:
    latency("it", "p99", evaluate_low_sample_count_percentiles="never")


def filter_of_no_group() -> None:
    metric = {"name": "Errors", "namespace": "Team", "value": "1"}
    aws.cloudwatch.LogMetricFilter(
        "it", name="errors", log_group_name="none", pattern="ERROR", metric_transformation=metric
    )


def no_reader() -> None:
    log = aws.cloudwatch.LogGroup("log", name="/team/app")
    reader = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"
    aws.cloudwatch.LogSubscriptionFilter(
        "it", name="read", log_group=log.name, filter_pattern="", destination_arn=reader
    )


def no_database() -> None:
    aws.timestreamwrite.Table("it", database_name="none", table_name="prices")


def instance(**changes: Any) -> None:
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
    settings: dict[str, Any] = {
        "name": "prices",
        "organization": "team",
        "bucket": "prices",
        "username": "admin",
        "password": pulumi.Output.secret(PASSWORD),
        "db_instance_type": "db.influx.medium",
        "allocated_storage": 20,
        "vpc_subnet_ids": [subnet.id],
        "vpc_security_group_ids": [vpc.default_security_group_id],
        **changes,
    }
    aws.timestreaminfluxdb.DbInstance("it", **settings)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (broken_body, "InvalidParameterInput: "),
        (percentile_of_few, "ValidationError: "),
        (filter_of_no_group, "ResourceNotFoundException: "),
        (no_reader, "InvalidParameterException: Could not execute the lambda function"),
        (no_database, "ResourceNotFoundException: "),
        (functools.partial(instance, vpc_subnet_ids=["subnet-00000000"]), "InvalidSubnetID.NotFound: "),
        (functools.partial(instance, vpc_security_group_ids=["sg-00000000"]), "InvalidGroup.NotFound: "),
        (functools.partial(instance, name="prices--1"), "ValidationException: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
    assert PASSWORD not in line
