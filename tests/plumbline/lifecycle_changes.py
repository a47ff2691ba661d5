"""What the tests of the lifecycle change in a resource of each type: new values of properties that replace nothing.

A value may be a function of the graph, for what names another resource.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from plumbline.graph import Resource, StackGraph

Of = Callable[[StackGraph, Resource], Any]


def other(type_: str, output: str = "arn") -> Of:
    """Return the output of the last resource of a type: another one than the first, where there are two."""
    return lambda graph, _: graph.of_type(type_)[-1].outputs.get(output)


def edited(property_: str, edit: Callable[[Any], Any]) -> Of:
    """Return a declared property after a change of a part."""
    return lambda _, resource: edit(copy.deepcopy(resource.inputs[property_]))


def statement(policy: str) -> str:
    """Add a statement to a policy document."""
    document = json.loads(policy)
    assert document["Version"]
    document["Statement"] = [*document["Statement"], {**document["Statement"][0], "Sid": "Added"}]
    return json.dumps(document)


def part(*path: str | int, to: Any) -> Callable[[Any], Any]:
    """Return an edit that sets a value deep in a property."""

    def edit(value: Any) -> Any:
        *steps, last = path
        inner = value
        for step in steps:
            inner = inner[step]
        inner[last] = to
        return value

    return edit


POLICY = edited("policy", statement)
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "aws:apigateway/apiKey:ApiKey": {"description": "Changed", "enabled": False},
    "aws:apigateway/authorizer:Authorizer": {"name": "changed", "authorizerResultTtlInSeconds": 60},
    "aws:apigateway/deployment:Deployment": {"description": "Changed"},
    "aws:apigateway/domainName:DomainName": {"securityPolicy": "TLS_1_0"},
    "aws:apigateway/integration:Integration": {"timeoutMilliseconds": 1234},
    "aws:apigateway/integrationResponse:IntegrationResponse": {"responseTemplates": {"application/json": "{}"}},
    "aws:apigateway/method:Method": {"operationName": "Changed"},
    "aws:apigateway/methodResponse:MethodResponse": {"responseParameters": {"method.response.header.X-Changed": True}},
    "aws:apigateway/methodSettings:MethodSettings": {
        "settings": edited("settings", part("throttlingBurstLimit", to=7))
    },
    "aws:apigateway/model:Model": {"schema": '{"type": "array"}'},
    "aws:apigateway/requestValidator:RequestValidator": {"validateRequestParameters": False},
    "aws:apigateway/resource:Resource": {"pathPart": "changed"},
    "aws:apigateway/response:Response": {"responseTemplates": {"application/json": '{"changed": true}'}},
    "aws:apigateway/restApi:RestApi": {"description": "Changed", "disableExecuteApiEndpoint": False},
    "aws:apigateway/stage:Stage": {"description": "Changed", "xrayTracingEnabled": False},
    "aws:apigateway/usagePlan:UsagePlan": {
        "description": "Changed",
        "throttleSettings": {"burstLimit": 3, "rateLimit": 2},
        "quotaSettings": {"limit": 11, "period": "WEEK"},
    },
    "aws:backup/plan:Plan": {"rules": edited("rules", part(0, "startWindow", to=77))},
    "aws:budgets/budget:Budget": {"limitAmount": "1234"},
    "aws:cloudfront/distribution:Distribution": {"comment": "Changed", "priceClass": "PriceClass_200"},
    "aws:cloudfront/function:Function": {"comment": "Changed", "code": "function handler(e) { return e.request; }"},
    "aws:cloudfront/originAccessControl:OriginAccessControl": {"description": "Changed"},
    "aws:cloudwatch/dashboard:Dashboard": {"dashboardBody": '{"widgets": []}'},
    "aws:cloudwatch/eventArchive:EventArchive": {"description": "Changed", "retentionDays": 3},
    "aws:cloudwatch/eventBus:EventBus": {"description": "Changed"},
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": {"policy": POLICY},
    "aws:cloudwatch/eventRule:EventRule": {"description": "Changed", "state": "DISABLED"},
    "aws:cloudwatch/eventTarget:EventTarget": {
        "retryPolicy": {"maximumEventAgeInSeconds": 61, "maximumRetryAttempts": 1}
    },
    "aws:cloudwatch/logDelivery:LogDelivery": {"fieldDelimiter": "|"},
    "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": 5},
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": {"pattern": "changed"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"threshold": 77, "actionsEnabled": False, "alarmActions": []},
    "aws:cognito/userPool:UserPool": {
        "passwordPolicy": edited("passwordPolicy", part("minimumLength", to=33)),
        "mfaConfiguration": "ON",
    },
    "aws:cognito/userPoolClient:UserPoolClient": {"accessTokenValidity": 7, "name": "changed"},
    "aws:dynamodb/table:Table": {
        "billingMode": "PROVISIONED",
        "readCapacity": 3,
        "writeCapacity": 4,
        "deletionProtectionEnabled": True,
        "pointInTimeRecovery": {"enabled": False},
        "ttl": {"enabled": True, "attributeName": "changed"},
        "streamEnabled": True,
        "streamViewType": "KEYS_ONLY",
        "serverSideEncryption": {"enabled": False},
    },
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {
        "routeTableId": lambda graph, _: graph.of_type("aws:ec2/routeTable:RouteTable")[-1].id
    },
    "aws:ec2/subnet:Subnet": {"mapPublicIpOnLaunch": True},
    "aws:ec2/vpc:Vpc": {"enableDnsHostnames": False},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"policy": POLICY},
    "aws:ecs/cluster:Cluster": {"settings": [{"name": "containerInsights", "value": "enabled"}]},
    "aws:ecs/service:Service": {
        "desiredCount": 3,
        "networkConfiguration": edited("networkConfiguration", part("assignPublicIp", to=False)),
    },
    "aws:elasticache/replicationGroup:ReplicationGroup": {"description": "Changed", "snapshotRetentionLimit": 9},
    "aws:elasticache/subnetGroup:SubnetGroup": {"description": "Changed"},
    "aws:iam/role:Role": {
        "description": "Changed",
        "maxSessionDuration": 7200,
        "assumeRolePolicy": edited("assumeRolePolicy", statement),
    },
    "aws:iam/rolePolicy:RolePolicy": {"policy": POLICY},
    "aws:kms/alias:Alias": {"targetKeyId": lambda graph, _: graph.of_type("aws:kms/key:Key")[-1].id},
    "aws:kms/key:Key": {
        "description": "Changed",
        "policy": POLICY,
        "enableKeyRotation": False,
        "isEnabled": False,
    },
    "aws:lambda/alias:Alias": {"description": "Changed"},
    "aws:lambda/function:Function": {
        "memorySize": 333,
        "timeout": 44,
        "runtime": "python3.12",
        "description": "Changed",
        "environment": {"variables": {"CHANGED": "yes"}},
        "tracingConfig": {"mode": "PassThrough"},
        "reservedConcurrentExecutions": 3,
        "layers": [],
    },
    "aws:lb/listener:Listener": {
        "port": 81,
        "defaultActions": [
            {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "503"}}
        ],
    },
    "aws:lb/loadBalancer:LoadBalancer": {"idleTimeout": 61, "dropInvalidHeaderFields": False, "clientKeepAlive": 120},
    "aws:lb/targetGroup:TargetGroup": {
        "deregistrationDelay": 31,
        "healthCheck": edited("healthCheck", part("path", to="/changed")),
    },
    "aws:route53/record:Record": {"aliases": edited("aliases", part(0, "evaluateTargetHealth", to=True))},
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "rules": edited("rules", part(0, "status", to="Disabled"))
    },
    "aws:s3/bucketLogging:BucketLogging": {"targetPrefix": "changed/"},
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
    "aws:s3/bucketPolicy:BucketPolicy": {
        "policy": lambda _, resource: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Changed",
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                        "Action": "s3:GetObject",
                        "Resource": f"arn:aws:s3:::{resource.inputs['bucket']}/*",
                    }
                ],
            }
        )
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {"blockPublicAcls": False},
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms:dsse"}}]
    },
    "aws:s3/bucketVersioning:BucketVersioning": {
        # One that never had versions can get them, and not be without them again.
        "versioningConfiguration": lambda _, resource: {"Enabled": {"status": "Suspended"}}[
            resource.inputs["versioningConfiguration"]["status"]
        ]
    },
    "aws:scheduler/schedule:Schedule": {"description": "Changed", "state": "DISABLED"},
    "aws:secretsmanager/secret:Secret": {"description": "Changed"},
    "aws:secretsmanager/secretPolicy:SecretPolicy": {"policy": POLICY},
    "aws:secretsmanager/secretRotation:SecretRotation": {"rotationRules": {"automaticallyAfterDays": 9}},
    "aws:sfn/stateMachine:StateMachine": {
        "definition": '{"StartAt": "Changed", "States": {"Changed": {"Type": "Succeed"}}}',
        "loggingConfiguration": edited("loggingConfiguration", part("level", to="ERROR")),
        "tracingConfiguration": {"enabled": False},
    },
    "aws:sns/topic:Topic": {"displayName": "Changed"},
    "aws:sns/topicPolicy:TopicPolicy": {"policy": POLICY},
    "aws:sns/topicSubscription:TopicSubscription": {"filterPolicy": '{"kind": ["changed"]}'},
    "aws:sqs/queue:Queue": {"messageRetentionSeconds": 61, "visibilityTimeoutSeconds": 77, "delaySeconds": 3},
    "aws:sqs/queuePolicy:QueuePolicy": {"policy": POLICY},
    "aws:timestreamwrite/database:Database": {
        "kmsKeyId": lambda graph, _: graph.of_type("aws:kms/key:Key")[0].outputs["arn"]
    },
    "aws:timestreamwrite/table:Table": {
        "retentionProperties": edited("retentionProperties", part("memoryStoreRetentionPeriodInHours", to=7))
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"fromPort": 77, "toPort": 77},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"fromPort": 77, "toPort": 77},
    "aws:wafv2/webAcl:WebAcl": {
        "description": "Changed",
        "rules": edited("rules", part(0, "priority", to=99)),
    },
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {
        "redactedFields": [{"singleHeader": {"name": "changed"}}]
    },
    "aws:appautoscaling/policy:Policy": {
        "targetTrackingScalingPolicyConfiguration": edited(
            "targetTrackingScalingPolicyConfiguration", part("targetValue", to=33)
        )
    },
    "aws:appautoscaling/scheduledAction:ScheduledAction": {"schedule": "cron(1 2 * * ? *)"},
    "aws:appautoscaling/target:Target": {"maxCapacity": 99},
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"policyDocument": edited("policyDocument", statement)},
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": {"filterPattern": "changed"},
    "aws:cognito/resourceServer:ResourceServer": {"name": "Changed"},
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": {"policy": edited("policy", lambda text: text.replace("1", "2"))},
    "aws:ecr/repository:Repository": {"imageTagMutability": "IMMUTABLE"},
    "aws:ecr/repositoryPolicy:RepositoryPolicy": {"policy": POLICY},
    "aws:apigatewayv2/api:Api": {"description": "Changed", "routeSelectionExpression": "$request.body.changed"},
    "aws:apigatewayv2/authorizer:Authorizer": {"name": "changed"},
    "aws:apigatewayv2/integration:Integration": {"timeoutMilliseconds": 1234},
    "aws:apigatewayv2/route:Route": {"operationName": "Changed"},
    "aws:apigatewayv2/stage:Stage": {"description": "Changed"},
    "aws:ssm/parameter:Parameter": {"value": "changed", "description": "Changed"},
    "aws:lambda/eventSourceMapping:EventSourceMapping": {"batchSize": 3, "enabled": False},
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": {"maximumRetryAttempts": 1},
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": {
        "corsRules": [{"allowedMethods": ["PUT"], "allowedOrigins": ["https://changed.example"]}]
    },
    "aws:s3/bucketObjectv2:BucketObjectv2": {"contentType": "text/x-changed"},
    "aws:sqs/redrivePolicy:RedrivePolicy": {
        "redrivePolicy": edited("redrivePolicy", lambda text: json.dumps({**json.loads(text), "maxReceiveCount": 77}))
    },
    "aws:apigateway/account:Account": {
        "cloudwatchRoleArn": lambda graph, _: graph.of_type("aws:iam/role:Role")[-1].outputs["arn"]
    },
    "aws:iam/policy:Policy": {"policy": POLICY},
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"thumbprintLists": ["a" * 40]},
    "aws:guardduty/detector:Detector": {"findingPublishingFrequency": "ONE_HOUR", "enable": False},
    "aws:route53/zone:Zone": {"comment": "Changed"},
    "aws:route53/healthCheck:HealthCheck": {"invertHealthcheck": True},
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": {"blockPublicAcls": False},
    "aws:ebs/encryptionByDefault:EncryptionByDefault": {"enabled": False},
}
