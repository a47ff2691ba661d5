"""ElastiCache in the sandbox. moto has no parameter groups, so that type has no adapter and is simulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.moto_api._internal import mock_random

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, seeded, tag_list
from plumbline.sandbox.ec2 import ec2


def _truth(value: Any) -> bool:
    # Some switches are words in the provider: "true".
    return str(value).lower() == "true"


_SETTINGS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "atRestEncryptionEnabled": ("AtRestEncryptionEnabled", _truth),
    "authToken": ("AuthToken", str),
    "autoMinorVersionUpgrade": ("AutoMinorVersionUpgrade", _truth),
    "automaticFailoverEnabled": ("AutomaticFailoverEnabled", _truth),
    "clusterMode": ("ClusterMode", str),
    "dataTieringEnabled": ("DataTieringEnabled", _truth),
    "engine": ("Engine", str),
    "engineVersion": ("EngineVersion", str),
    "ipDiscovery": ("IpDiscovery", str),
    "kmsKeyId": ("KmsKeyId", str),
    "maintenanceWindow": ("PreferredMaintenanceWindow", str),
    "multiAzEnabled": ("MultiAZEnabled", _truth),
    "networkType": ("NetworkType", str),
    "nodeType": ("CacheNodeType", str),
    "notificationTopicArn": ("NotificationTopicArn", str),
    "numCacheClusters": ("NumCacheClusters", int),
    "numNodeGroups": ("NumNodeGroups", int),
    "parameterGroupName": ("CacheParameterGroupName", str),
    "port": ("Port", int),
    "preferredCacheClusterAzs": ("PreferredCacheClusterAZs", list),
    "replicasPerNodeGroup": ("ReplicasPerNodeGroup", int),
    "securityGroupIds": ("SecurityGroupIds", list),
    "snapshotRetentionLimit": ("SnapshotRetentionLimit", int),
    "snapshotWindow": ("SnapshotWindow", str),
    "subnetGroupName": ("CacheSubnetGroupName", str),
    "transitEncryptionEnabled": ("TransitEncryptionEnabled", _truth),
    "transitEncryptionMode": ("TransitEncryptionMode", str),
    "userGroupIds": ("UserGroupIds", list),
}


@adapter("aws:elasticache/subnetGroup:SubnetGroup")
def subnet_group(context: Context, inputs: Inputs) -> Created:
    # moto takes any subnet for granted; AWS, and here EC2, does not.
    ec2(context, inputs).describe_subnets(SubnetIds=inputs["subnetIds"])
    made = context.client("elasticache", inputs).create_cache_subnet_group(
        CacheSubnetGroupName=inputs["name"],
        CacheSubnetGroupDescription=inputs.get("description") or "Managed by Pulumi",
        SubnetIds=inputs["subnetIds"],
        Tags=tag_list(inputs),
    )["CacheSubnetGroup"]
    return inputs["name"], {"arn": made["ARN"], "vpcId": made["VpcId"]}


@adapter("aws:elasticache/replicationGroup:ReplicationGroup")
def replication_group(context: Context, inputs: Inputs) -> Created:
    client = context.client("elasticache", inputs)
    if inputs.get("subnetGroupName"):
        client.describe_cache_subnet_groups(CacheSubnetGroupName=inputs["subnetGroupName"])
    if inputs.get("securityGroupIds"):
        ec2(context, inputs).describe_security_groups(GroupIds=inputs["securityGroupIds"])
    identity = inputs.get("replicationGroupId") or f"pulumi-{mock_random.get_random_hex(20)}"
    settings = {name: kind(inputs[key]) for key, (name, kind) in _SETTINGS.items() if inputs.get(key) is not None}
    clustered = _is_clustered(inputs)
    if clustered:
        settings.setdefault("ClusterMode", "enabled")
    elif inputs.get("numCacheClusters"):
        # moto counts the nodes of a group without shards by their replicas only.
        settings["ReplicasPerNodeGroup"] = int(inputs["numCacheClusters"]) - 1
    with seeded(mock_random.getrandbits(64)):
        made = client.create_replication_group(
            ReplicationGroupId=identity,
            ReplicationGroupDescription=inputs["description"],
            Tags=tag_list(inputs),
            **settings,
            **given(
                LogDeliveryConfigurations=[_log_delivery(row) for row in inputs.get("logDeliveryConfigurations") or []]
                or None,
                NodeGroupConfiguration=[_node_group(row) for row in inputs.get("nodeGroupConfigurations") or []]
                or None,
            ),
        )["ReplicationGroup"]
    outputs = {
        "replicationGroupId": identity,
        "arn": made["ARN"],
        "clusterEnabled": clustered,
        "memberClusters": made["MemberClusters"],
        "port": int(inputs.get("port") or 6379),
    }
    if clustered:
        outputs["configurationEndpointAddress"] = made["ConfigurationEndpoint"]["Address"]
    else:
        primary = made["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
        outputs["primaryEndpointAddress"] = primary
        # The readers' endpoint is the primary's with another first label; moto does not tell it.
        outputs["readerEndpointAddress"] = primary.replace("master.", "replica.", 1)
    return identity, outputs


def _is_clustered(inputs: Inputs) -> bool:
    if inputs.get("clusterMode"):
        return inputs["clusterMode"] == "enabled"
    shards = inputs.get("numNodeGroups") or len(inputs.get("nodeGroupConfigurations") or [])
    return shards > 1 or str(inputs.get("parameterGroupName")).endswith(".cluster.on")


def _log_delivery(row: Inputs) -> dict[str, Any]:
    logs = row["destinationType"] == "cloudwatch-logs"
    details = (
        {"CloudWatchLogsDetails": {"LogGroup": row["destination"]}}
        if logs
        else {"KinesisFirehoseDetails": {"DeliveryStream": row["destination"]}}
    )
    return {
        "LogType": row["logType"],
        "LogFormat": row["logFormat"],
        "DestinationType": row["destinationType"],
        "DestinationDetails": details,
    }


def _node_group(row: Inputs) -> dict[str, Any]:
    replicas = row.get("replicaCount")
    return given(
        NodeGroupId=row.get("nodeGroupId"),
        PrimaryAvailabilityZone=row.get("primaryAvailabilityZone"),
        ReplicaAvailabilityZones=row.get("replicaAvailabilityZones"),
        ReplicaCount=None if replicas is None else int(replicas),
        Slots=row.get("slots"),
    )
