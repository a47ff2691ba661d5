"""Faults that are new resources of services that hold or move data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.policies.faults import Bench, Fault
from tests.policies.faults_added import AREA, document
from tests.policies.faults_documents import ELSEWHERE


def rows(bench: Bench) -> Iterator[tuple[str, str, dict[str, Any], dict[str, str], tuple[str, ...]]]:
    """Yield what is added: in words, type, inputs, what it refers to, and the rules that must tell of it."""
    function = bench.first("lambda:Function")
    api = bench.first("apigateway:RestApi")
    tags = {"tags": dict(bench.tags)}
    yield (
        "for another account",
        "aws:cloudwatch/eventPermission:EventPermission",
        {"principal": ELSEWHERE, "statementId": "s"},
        {},
        ("resource-shared-with-trusted-accounts", "resource-policy-not-public"),
    )
    yield (
        "for everybody",
        "aws:cloudwatch/eventPermission:EventPermission",
        {"principal": "*", "statementId": "s"},
        {},
        ("resource-shared-with-trusted-accounts", "resource-policy-not-public"),
    )
    yield "without policy", "aws:cloudwatch/eventBus:EventBus", {"name": "b", **tags}, {}, ("event-bus-has-policy",)
    yield (
        "with a password",
        "aws:ssm/parameter:Parameter",
        {"type": "String", "name": "db-password", "value": "hunter22", **tags},
        {},
        ("ssm-parameter-is-secure",),
    )
    yield (
        "for everybody",
        "aws:ssm/document:Document",
        {"permissions": {"accountIds": "all", "type": "Share"}, **tags},
        {},
        ("ssm-document-not-public",),
    )
    yield "without key", "aws:secretsmanager/secret:Secret", {"name": "s", **tags}, {}, ("secret-has-customer-key",)
    yield (
        "for everybody",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        {
            "policy": document(Principal="*", Action="secretsmanager:GetSecretValue", Resource="*"),
            "blockPublicPolicy": True,
        },
        {"secretArn": bench.first("secretsmanager:Secret")},
        ("resource-policy-not-public",),
    )
    yield (
        "open",
        "aws:apigateway/method:Method",
        {"authorization": "NONE", "httpMethod": "POST"},
        {"restApi": api, "resourceId": bench.first("apigateway:Resource")},
        ("api-method-is-authorized",),
    )
    yield (
        "without throttling",
        "aws:apigateway/stage:Stage",
        {"stageName": "v2", **tags},
        {"restApi": api, "deployment": bench.first("apigateway:Deployment")},
        ("api-stage-has-firewall",),
    )
    yield (
        "an open one",
        "aws:apigatewayv2/route:Route",
        {"apiId": "a", "routeKey": "POST /x", "authorizationType": "NONE"},
        {},
        ("api-route-is-authorized",),
    )
    yield (
        "for guests",
        "aws:cognito/identityPool:IdentityPool",
        {"allowUnauthenticatedIdentities": True, **tags},
        {},
        ("cognito-identity-pool-refuses-guests",),
    )
    yield "public", "aws:rds/instance:Instance", {"publiclyAccessible": True, **tags}, {}, ("database-is-not-public",)
    yield (
        "unencrypted",
        "aws:rds/instance:Instance",
        {"storageEncrypted": False, **tags},
        {},
        ("database-storage-encrypted",),
    )
    yield (
        "shared with all",
        "aws:rds/snapshot:Snapshot",
        {"dbInstanceIdentifier": "d", "sharedAccounts": ["all"], **tags},
        {},
        ("share-is-not-with-everybody",),
    )
    yield (
        "shared with another account",
        "aws:rds/clusterSnapshot:ClusterSnapshot",
        {"dbClusterIdentifier": "d", "sharedAccounts": [ELSEWHERE], **tags},
        {},
        ("reference-stays-in-trusted-accounts",),
    )
    yield (
        "shared with all",
        "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission",
        {"snapshotId": "snap-1", "accountId": ELSEWHERE},
        {},
        ("reference-stays-in-trusted-accounts",),
    )
    yield (
        "shared with all",
        "aws:ec2/amiLaunchPermission:AmiLaunchPermission",
        {"imageId": "ami-1", "group": "all"},
        {},
        ("share-is-not-with-everybody",),
    )
    yield (
        "unencrypted",
        "aws:ebs/volume:Volume",
        {"availabilityZone": "us-east-1a", "size": 8, **tags},
        {},
        ("ebs-encrypted-by-default",),
    )
    yield (
        "off",
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        {"enabled": False},
        {},
        ("ebs-encrypted-by-default",),
    )
    yield (
        "off",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        {"blockPublicAcls": False},
        {},
        ("s3-account-blocks-public-access",),
    )
    yield (
        "with what anybody may pull",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        {"repository": "r", "policy": document(Principal="*", Action="ecr:BatchGetImage")},
        {},
        ("resource-policy-not-public",),
    )
    yield (
        "changeable",
        "aws:ecr/repository:Repository",
        {"imageTagMutability": "MUTABLE", **tags},
        {},
        ("ecr-tags-immutable",),
    )
    yield "unencrypted", "aws:efs/fileSystem:FileSystem", {**tags}, {}, ("efs-encrypted",)
    yield (
        "with another account",
        "aws:ram/principalAssociation:PrincipalAssociation",
        {"principal": ELSEWHERE, "resourceShareArn": "x"},
        {},
        ("reference-stays-in-trusted-accounts",),
    )
    yield (
        "with anybody",
        "aws:ram/resourceShare:ResourceShare",
        {"name": "s", "allowExternalPrincipals": True, **tags},
        {},
        ("resource-share-stays-in-organization",),
    )
    yield (
        "for everybody",
        "aws:backup/vaultPolicy:VaultPolicy",
        {"backupVaultName": "v", "policy": document(Principal="*", Action="backup:CopyIntoBackupVault", Resource="*")},
        {},
        ("resource-policy-not-public",),
    )
    yield (
        "not encrypted",
        "aws:kinesis/stream:Stream",
        {"name": "s", "encryptionType": "NONE", **tags},
        {},
        ("stream-encrypted",),
    )
    yield (
        "not encrypted",
        "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
        {"name": "s", "destination": "extended_s3", **tags},
        {},
        ("stream-encrypted",),
    )
    yield (
        "of one region",
        "aws:cloudtrail/trail:Trail",
        {"s3BucketName": "b", "isMultiRegionTrail": False, **tags},
        {},
        ("trail-records-whole-account",),
    )
    yield "off", "aws:guardduty/detector:Detector", {"enable": False, **tags}, {}, ("guardduty-detector-is-on",)
    yield (
        "for everybody",
        "aws:opensearch/domain:Domain",
        {"domainName": "d", "accessPolicies": document(Principal="*", Action="es:*", Resource="*"), **tags},
        {},
        ("resource-policy-not-public",),
    )
    yield (
        "with failures that are lost",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {
            "eventSourceArn": "arn:aws:dynamodb:us-east-1:222222222222:table/t/stream/x",
            "startingPosition": "LATEST",
            **tags,
        },
        {"functionName": function},
        ("lambda-stream-has-failure-destination",),
    )
    yield (
        "public",
        "aws:lb/listener:Listener",
        {"port": 80, "protocol": "HTTP", "loadBalancerArn": "x", "defaultActions": [{"type": "forward"}], **tags},
        {},
        ("listener-encrypted-or-redirects",),
    )
    yield (
        "with plain text",
        "aws:ecs/taskDefinition:TaskDefinition",
        {"family": "f", "containerDefinitions": json.dumps([{"name": "c", "image": "i", "privileged": True}]), **tags},
        {},
        ("ecs-container-not-privileged",),
    )
    yield (
        "open",
        "aws:eks/cluster:Cluster",
        {
            "roleArn": "r",
            "vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"], "subnetIds": ["a"]},
            **tags,
        },
        {},
        ("eks-endpoint-is-private",),
    )
    yield (
        "privileged",
        "aws:codebuild/project:Project",
        {
            "environment": {
                "privilegedMode": True,
                "image": "aws/codebuild/standard:7.0",
                "type": "LINUX_CONTAINER",
                "computeType": "X",
            },
            **tags,
        },
        {},
        ("codebuild-not-privileged",),
    )
    yield (
        "that anybody may send as",
        "aws:ses/identityPolicy:IdentityPolicy",
        {
            "identity": "example.com",
            "name": "p",
            "policy": document(Principal="*", Action="ses:SendEmail", Resource="*"),
        },
        {},
        ("resource-policy-not-public",),
    )
    yield (
        "unsigned",
        "aws:route53/record:Record",
        {
            "name": "x",
            "type": "CNAME",
            "records": ["gone.s3-website-us-east-1.amazonaws.com"],
            "ttl": 60,
            "zoneId": "Z",
        },
        {},
        ("record-leads-to-own-resource",),
    )


def faults(bench: Bench) -> Iterator[Fault]:
    for what, type_, inputs, refers, rules in rows(bench):
        yield from bench.add(AREA, what, type_, inputs, *rules, refers=refers)
