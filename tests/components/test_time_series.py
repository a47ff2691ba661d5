"""components.time_series and components.influx: market data series in either engine."""

from __future__ import annotations

from typing import Any

from components.influx import Influx, InfluxArgs
from components.time_series import TimeSeries, TimeSeriesArgs
from plumbline.graph import Secret, StackGraph
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    ROLE_POLICY,
    a_role,
    document,
    graph_of,
    needs,
    only,
    policy,
    present,
    statement,
)

TABLE = "arn:aws:timestream:us-east-1:111111111111:database/test-market-data/table/test-prices"
ENDPOINT = statement("FindEndpoint", ["timestream:DescribeEndpoints"], ["*"])


def series() -> TimeSeries:
    args = TimeSeriesArgs(
        account=ACCOUNT,
        naming=NAMING,
        database="market-data",
        tables=["prices"],
        memory_hours=24,
        magnetic_days=30,
    )
    return TimeSeries("series", args)


def influx(multi_az: bool = False) -> Influx:
    args = InfluxArgs(
        account=ACCOUNT,
        naming=NAMING,
        bucket="market-data",
        instance_type="db.influx.medium",
        storage_gib=20,
        multi_az=multi_az,
        subnet_ids=["subnet-1"],
        security_group_id="sg-1",
    )
    return Influx("influx", args)


def granted(how: str) -> Any:
    def program() -> None:
        roles, role = a_role()
        getattr(series().series["prices"], how)(role)
        roles.attach()

    return document(only(graph_of(program), ROLE_POLICY))


def test_a_table_keeps_records_as_long_as_asked() -> None:
    graph = graph_of(series)
    assert present(only(graph, "aws:timestreamwrite/database:Database").inputs) == {"databaseName": "test-market-data"}
    table = only(graph, "aws:timestreamwrite/table:Table")
    assert present(table.inputs) == {
        "databaseName": "test-market-data",
        "tableName": "test-prices",
        "retentionProperties": {"memoryStoreRetentionPeriodInHours": 24, "magneticStoreRetentionPeriodInDays": 30},
        "magneticStoreWriteProperties": {"enableMagneticStoreWrites": True},
    }
    assert needs(table) == {"databaseName": ("series-database",)}


def test_reading_is_querying_one_table() -> None:
    select = ["timestream:DescribeTable", "timestream:Select"]
    assert granted("grant_read") == policy(statement("QuerySeries", select, [TABLE]), ENDPOINT)


def test_writing_is_putting_records_into_one_table() -> None:
    assert granted("grant_write") == policy(statement("WriteSeries", ["timestream:WriteRecords"], [TABLE]), ENDPOINT)


def _instance(graph: StackGraph) -> Any:
    return only(graph, "aws:timestreaminfluxdb/dbInstance:DbInstance")


def test_an_instance_is_private_and_its_password_a_secret() -> None:
    instance = _instance(graph_of(influx))
    password = instance.inputs["password"]
    assert isinstance(password, Secret)
    assert len(password.value) == 40
    assert {key: value for key, value in present(instance.inputs).items() if key != "password"} == {
        "name": "test-market-data",
        "bucket": "market-data",
        "organization": "test",
        "username": "administrator",
        "dbInstanceType": "db.influx.medium",
        "allocatedStorage": 20,
        "deploymentType": "SINGLE_AZ",
        "vpcSubnetIds": ["subnet-1"],
        "vpcSecurityGroupIds": ["sg-1"],
        "publiclyAccessible": False,
    }
    assert instance.options.ignore_changes == ("password",)


def test_a_standby_lies_in_another_zone() -> None:
    assert _instance(graph_of(lambda: influx(multi_az=True))).inputs["deploymentType"] == "WITH_MULTIAZ_STANDBY"


def test_a_role_reads_the_secret_that_the_service_makes() -> None:
    def program() -> None:
        roles, role = a_role()
        influx().grant_use(role)
        roles.attach()

    arn = "arn:aws:secretsmanager:us-east-1:111111111111:secret:READONLY-InfluxDB-auth-parameters-*"
    assert document(only(graph_of(program), ROLE_POLICY)) == policy(
        statement("ReadInfluxSecret", ["secretsmanager:GetSecretValue"], [arn])
    )
