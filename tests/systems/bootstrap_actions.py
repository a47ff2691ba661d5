"""What deploying and previewing the stacks takes of IAM, as data for the tests of the bootstrap system."""

from __future__ import annotations

# What each type of the stacks takes to be made and removed, by type: the ARN of one, composed of its inputs,
# "" where it has no name, and the actions. Source: Service Authorization Reference, and the provider's calls.
NEEDED: dict[str, tuple[str, str]] = {
    "apigateway/apiKey": (
        "arn:aws:apigateway:us-east-1::/apikeys/a1b2c3d4e5",
        "apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/authorizer": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/authorizers/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/basePathMapping": (
        "arn:aws:apigateway:us-east-1::/domainnames/{domainName}/basepathmappings/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/deployment": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/deployments/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/domainName": (
        "arn:aws:apigateway:us-east-1::/domainnames/{domainName}",
        "apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/integration": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/resources/a1b2c3/methods/{httpMethod}/integration",
        "apigateway:PUT apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/integrationResponse": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/resources/a1b2c3/methods/{httpMethod}/integration/responses/{statusCode}",
        "apigateway:PUT apigateway:GET apigateway:DELETE",
    ),
    "apigateway/method": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/resources/a1b2c3/methods/{httpMethod}",
        "apigateway:PUT apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/methodResponse": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/resources/a1b2c3/methods/{httpMethod}/responses/{statusCode}",
        "apigateway:PUT apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/methodSettings": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/{stageName}",
        "apigateway:GET apigateway:PATCH",
    ),
    "apigateway/model": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/models/{name}",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/requestValidator": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/requestvalidators/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/resource": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/resources/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/response": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/gatewayresponses/{responseType}",
        "apigateway:PUT apigateway:GET apigateway:DELETE",
    ),
    "apigateway/restApi": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5",
        "apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/stage": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/{stageName}",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/usagePlan": (
        "arn:aws:apigateway:us-east-1::/usageplans/a1b2c3",
        "apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigateway/usagePlanKey": (
        "arn:aws:apigateway:us-east-1::/usageplans/a1b2c3/keys/d4e5f6",
        "apigateway:POST apigateway:GET apigateway:DELETE",
    ),
    "apigatewayv2/api": (
        "arn:aws:apigateway:us-east-1::/apis/a1b2c3d4e5",
        "apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigatewayv2/authorizer": (
        "arn:aws:apigateway:us-east-1::/apis/a1b2c3d4e5/authorizers/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigatewayv2/integration": (
        "arn:aws:apigateway:us-east-1::/apis/a1b2c3d4e5/integrations/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigatewayv2/route": (
        "arn:aws:apigateway:us-east-1::/apis/a1b2c3d4e5/routes/a1b2c3",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "apigatewayv2/stage": (
        "arn:aws:apigateway:us-east-1::/apis/a1b2c3d4e5/stages/{name}",
        "apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE",
    ),
    "appautoscaling/policy": (
        "",
        "application-autoscaling:PutScalingPolicy application-autoscaling:DeleteScalingPolicy",
    ),
    "appautoscaling/target": (
        "",
        "application-autoscaling:RegisterScalableTarget application-autoscaling:DeregisterScalableTarget",
    ),
    "acm/certificate": (
        "arn:aws:acm:us-east-1:{account}:certificate/a1b2c3",
        "acm:RequestCertificate acm:AddTagsToCertificate acm:DescribeCertificate acm:ListTagsForCertificate "
        "acm:DeleteCertificate",
    ),
    "acm/certificateValidation": ("arn:aws:acm:us-east-1:{account}:certificate/a1b2c3", "acm:DescribeCertificate"),
    "cloudfront/cachePolicy": (
        "arn:aws:cloudfront::{account}:cache-policy/a1b2c3",
        "cloudfront:CreateCachePolicy cloudfront:GetCachePolicy cloudfront:UpdateCachePolicy "
        "cloudfront:DeleteCachePolicy",
    ),
    "cloudfront/distribution": (
        "arn:aws:cloudfront::{account}:distribution/a1b2c3",
        "cloudfront:CreateDistribution cloudfront:GetDistribution cloudfront:ListTagsForResource "
        "cloudfront:TagResource cloudfront:UpdateDistribution cloudfront:DeleteDistribution",
    ),
    "cloudfront/function": (
        "arn:aws:cloudfront::{account}:function/{name}",
        "cloudfront:CreateFunction cloudfront:PublishFunction cloudfront:DescribeFunction cloudfront:GetFunction "
        "cloudfront:UpdateFunction cloudfront:DeleteFunction",
    ),
    "cloudfront/originAccessControl": (
        "arn:aws:cloudfront::{account}:origin-access-control/a1b2c3",
        "cloudfront:CreateOriginAccessControl cloudfront:GetOriginAccessControl cloudfront:UpdateOriginAccessControl "
        "cloudfront:DeleteOriginAccessControl",
    ),
    "cloudfront/responseHeadersPolicy": (
        "arn:aws:cloudfront::{account}:response-headers-policy/a1b2c3",
        "cloudfront:CreateResponseHeadersPolicy cloudfront:GetResponseHeadersPolicy "
        "cloudfront:UpdateResponseHeadersPolicy cloudfront:DeleteResponseHeadersPolicy",
    ),
    # On the bucket that the logs go to, too.
    "cloudwatch/logDelivery": (
        "",
        "logs:CreateDelivery logs:GetDelivery logs:ListTagsForResource logs:TagResource logs:DeleteDelivery "
        "logs:UpdateDeliveryConfiguration s3:GetBucketPolicy",
    ),
    "cloudwatch/logDeliveryDestination": (
        "arn:aws:logs:us-east-1:{account}:delivery-destination:{name}",
        "logs:PutDeliveryDestination logs:GetDeliveryDestination logs:ListTagsForResource logs:TagResource "
        "logs:DeleteDeliveryDestination",
    ),
    # On the distribution, whose ARN only CloudFront knows, too.
    "cloudwatch/logDeliverySource": (
        "",
        "logs:PutDeliverySource logs:GetDeliverySource logs:ListTagsForResource logs:TagResource "
        "logs:DeleteDeliverySource cloudfront:AllowVendedLogDeliveryForResource",
    ),
    "budgets/budget": (
        "arn:aws:budgets::{account}:budget/{name}",
        "budgets:ModifyBudget budgets:ViewBudget budgets:ListTagsForResource budgets:TagResource",
    ),
    "backup/plan": (
        "arn:aws:backup:us-east-1:{account}:backup-plan:a1b2c3",
        "backup:CreateBackupPlan backup:GetBackupPlan backup:ListTags backup:TagResource backup:UpdateBackupPlan "
        "backup:DeleteBackupPlan",
    ),
    "backup/selection": (
        "arn:aws:backup:us-east-1:{account}:backup-plan:a1b2c3",
        "backup:CreateBackupSelection backup:GetBackupSelection backup:DeleteBackupSelection",
    ),
    # In whichever region it lies.
    "backup/vault": (
        "arn:aws:backup:us-west-2:{account}:backup-vault:{name}",
        "backup:CreateBackupVault backup-storage:MountCapsule backup:DescribeBackupVault backup:ListTags "
        "backup:TagResource backup:DeleteBackupVault",
    ),
    "backup/vaultLockConfiguration": (
        "arn:aws:backup:us-west-2:{account}:backup-vault:{backupVaultName}",
        "backup:PutBackupVaultLockConfiguration backup:DescribeBackupVault backup:DeleteBackupVaultLockConfiguration",
    ),
    "backup/vaultNotifications": (
        "arn:aws:backup:us-east-1:{account}:backup-vault:{backupVaultName}",
        "backup:PutBackupVaultNotifications backup:GetBackupVaultNotifications backup:DeleteBackupVaultNotifications",
    ),
    "cloudwatch/compositeAlarm": (
        "arn:aws:cloudwatch:us-east-1:{account}:alarm:{alarmName}",
        "cloudwatch:PutCompositeAlarm cloudwatch:DescribeAlarms cloudwatch:TagResource cloudwatch:DeleteAlarms",
    ),
    "cloudwatch/dashboard": (
        "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}",
        "cloudwatch:PutDashboard cloudwatch:GetDashboard cloudwatch:DeleteDashboards",
    ),
    "cloudwatch/eventArchive": (
        "arn:aws:events:us-east-1:{account}:archive/{name}",
        "events:CreateArchive events:DescribeArchive events:UpdateArchive events:DeleteArchive",
    ),
    "cloudwatch/eventBus": (
        "arn:aws:events:us-east-1:{account}:event-bus/{name}",
        "events:CreateEventBus events:DescribeEventBus events:UpdateEventBus events:TagResource events:DeleteEventBus",
    ),
    "cloudwatch/eventBusPolicy": (
        "",
        "events:PutPermission events:DescribeEventBus events:RemovePermission",
    ),
    "cloudwatch/eventRule": (
        "arn:aws:events:us-east-1:{account}:rule/{name}",
        "events:PutRule events:DescribeRule events:TagResource events:DeleteRule",
    ),
    "cloudwatch/eventTarget": (
        "arn:aws:events:us-east-1:{account}:rule/{rule}",
        "events:PutTargets events:ListTargetsByRule events:RemoveTargets",
    ),
    "cloudwatch/logGroup": (
        "arn:aws:logs:us-east-1:{account}:log-group:{name}",
        "logs:CreateLogGroup logs:PutRetentionPolicy logs:DeleteLogGroup",
    ),
    "cloudwatch/logMetricFilter": (
        "arn:aws:logs:us-east-1:{account}:log-group:{logGroupName}",
        "logs:PutMetricFilter logs:DescribeMetricFilters logs:DeleteMetricFilter",
    ),
    "cloudwatch/metricAlarm": (
        "arn:aws:cloudwatch:us-east-1:{account}:alarm:{name}",
        "cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms cloudwatch:TagResource cloudwatch:DeleteAlarms",
    ),
    "cognito/userPool": (
        "arn:aws:cognito-idp:us-east-1:{account}:userpool/us-east-1_a1b2c3",
        "cognito-idp:CreateUserPool cognito-idp:SetUserPoolMfaConfig cognito-idp:DescribeUserPool "
        "cognito-idp:GetUserPoolMfaConfig cognito-idp:UpdateUserPool cognito-idp:AddCustomAttributes "
        "cognito-idp:TagResource cognito-idp:DeleteUserPool",
    ),
    "cognito/userPoolClient": (
        "arn:aws:cognito-idp:us-east-1:{account}:userpool/us-east-1_a1b2c3",
        "cognito-idp:CreateUserPoolClient cognito-idp:DescribeUserPoolClient cognito-idp:UpdateUserPoolClient "
        "cognito-idp:DeleteUserPoolClient",
    ),
    "dynamodb/table": (
        "arn:aws:dynamodb:us-east-1:{account}:table/{name}",
        "dynamodb:CreateTable dynamodb:DescribeTable dynamodb:UpdateTable dynamodb:UpdateContinuousBackups "
        "dynamodb:UpdateTimeToLive dynamodb:DeleteTable",
    ),
    "ec2/defaultSecurityGroup": ("", "ec2:RevokeSecurityGroupIngress ec2:RevokeSecurityGroupEgress"),
    "ec2/eip": ("", "ec2:AllocateAddress ec2:DisassociateAddress ec2:ReleaseAddress"),
    "ec2/flowLog": ("", "ec2:CreateFlowLogs ec2:DeleteFlowLogs iam:PassRole"),
    "ec2/internetGateway": (
        "",
        "ec2:CreateInternetGateway ec2:AttachInternetGateway ec2:DetachInternetGateway ec2:DeleteInternetGateway",
    ),
    "ec2/natGateway": ("", "ec2:CreateNatGateway ec2:DeleteNatGateway"),
    "ec2/route": ("", "ec2:CreateRoute ec2:ReplaceRoute ec2:DeleteRoute"),
    "ec2/routeTable": ("", "ec2:CreateRouteTable ec2:DeleteRouteTable"),
    "ec2/routeTableAssociation": ("", "ec2:AssociateRouteTable ec2:DisassociateRouteTable"),
    "ec2/securityGroup": (
        "",
        "ec2:CreateSecurityGroup ec2:RevokeSecurityGroupEgress ec2:DeleteSecurityGroup ec2:CreateTags ec2:DeleteTags",
    ),
    "ec2/subnet": ("", "ec2:CreateSubnet ec2:ModifySubnetAttribute ec2:DeleteSubnet"),
    "ec2/vpc": ("", "ec2:CreateVpc ec2:ModifyVpcAttribute ec2:DeleteVpc"),
    "ec2/vpcEndpoint": ("", "ec2:CreateVpcEndpoint ec2:ModifyVpcEndpoint ec2:DeleteVpcEndpoints"),
    "elasticache/parameterGroup": (
        "arn:aws:elasticache:us-east-1:{account}:parametergroup:{name}",
        "elasticache:CreateCacheParameterGroup elasticache:ModifyCacheParameterGroup "
        "elasticache:DeleteCacheParameterGroup",
    ),
    "elasticache/replicationGroup": (
        "arn:aws:elasticache:us-east-1:{account}:replicationgroup:{replicationGroupId}",
        "elasticache:CreateReplicationGroup elasticache:ModifyReplicationGroup elasticache:DeleteReplicationGroup",
    ),
    "elasticache/subnetGroup": (
        "arn:aws:elasticache:us-east-1:{account}:subnetgroup:{name}",
        "elasticache:CreateCacheSubnetGroup elasticache:ModifyCacheSubnetGroup elasticache:DeleteCacheSubnetGroup",
    ),
    "iam/role": (
        "arn:aws:iam::{account}:role/{name}",
        "iam:CreateRole iam:GetRole iam:UpdateRole iam:UpdateAssumeRolePolicy iam:ListInstanceProfilesForRole "
        "iam:PassRole iam:TagRole iam:DeleteRole",
    ),
    "iam/rolePolicy": (
        "arn:aws:iam::{account}:role/{role}",
        "iam:PutRolePolicy iam:GetRolePolicy iam:DeleteRolePolicy",
    ),
    "iam/rolePolicyAttachment": (
        "arn:aws:iam::{account}:role/{role}",
        "iam:AttachRolePolicy iam:ListAttachedRolePolicies iam:DetachRolePolicy",
    ),
    "kms/alias": (
        "arn:aws:kms:us-east-1:{account}:{name}",
        "kms:CreateAlias kms:UpdateAlias kms:DeleteAlias",
    ),
    "kms/key": ("", "kms:CreateKey kms:TagResource kms:EnableKeyRotation kms:PutKeyPolicy kms:ScheduleKeyDeletion"),
    "lambda/alias": (
        "arn:aws:lambda:us-east-1:{account}:function:{functionName}",
        "lambda:CreateAlias lambda:UpdateAlias lambda:DeleteAlias",
    ),
    # By the function that it calls, and by its tags.
    "lambda/eventSourceMapping": (
        "arn:aws:lambda:us-east-1:{account}:event-source-mapping:a1b2c3",
        "lambda:CreateEventSourceMapping lambda:GetEventSourceMapping lambda:ListTags lambda:TagResource "
        "lambda:UntagResource lambda:UpdateEventSourceMapping lambda:DeleteEventSourceMapping",
    ),
    "lambda/function": (
        "arn:aws:lambda:us-east-1:{account}:function:{name}",
        "lambda:CreateFunction lambda:PublishVersion lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration "
        "lambda:PutFunctionConcurrency lambda:GetFunctionCodeSigningConfig lambda:DeleteFunction",
    ),
    "lambda/layerVersion": (
        "arn:aws:lambda:us-east-1:{account}:layer:{layerName}",
        "lambda:PublishLayerVersion lambda:GetLayerVersion lambda:DeleteLayerVersion",
    ),
    "lambda/permission": ("", "lambda:AddPermission lambda:GetPolicy lambda:RemovePermission"),
    "lambda/provisionedConcurrencyConfig": (
        "",
        "lambda:PutProvisionedConcurrencyConfig lambda:DeleteProvisionedConcurrencyConfig",
    ),
    "route53/healthCheck": (
        "",
        "route53:CreateHealthCheck route53:GetHealthCheck route53:UpdateHealthCheck route53:ListTagsForResource "
        "route53:ChangeTagsForResource route53:DeleteHealthCheck",
    ),
    # To find the zone by its name, too.
    "route53/record": (
        "",
        "route53:ListHostedZones route53:GetHostedZone route53:ListTagsForResource route53:ChangeResourceRecordSets "
        "route53:GetChange route53:ListResourceRecordSets",
    ),
    # The provider looks at everything that a bucket can have.
    "s3/bucket": (
        "arn:aws:s3:::{bucket}",
        "s3:CreateBucket s3:ListBucket s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketWebsite s3:GetBucketVersioning "
        "s3:GetBucketRequestPayment s3:GetBucketObjectLockConfiguration s3:GetAccelerateConfiguration "
        "s3:GetReplicationConfiguration s3:GetLifecycleConfiguration s3:GetEncryptionConfiguration "
        "s3:GetBucketTagging s3:PutBucketTagging s3:TagResource s3:ListTagsForResource s3:DeleteBucket",
    ),
    "s3/bucketLifecycleConfiguration": ("", "s3:PutLifecycleConfiguration s3:GetLifecycleConfiguration"),
    "s3/bucketLogging": ("", "s3:PutBucketLogging s3:GetBucketLogging"),
    "s3/bucketOwnershipControls": ("", "s3:PutBucketOwnershipControls s3:GetBucketOwnershipControls"),
    "s3/bucketPolicy": ("", "s3:PutBucketPolicy s3:GetBucketPolicy s3:DeleteBucketPolicy"),
    "s3/bucketPublicAccessBlock": ("", "s3:PutBucketPublicAccessBlock s3:GetBucketPublicAccessBlock"),
    "s3/bucketServerSideEncryptionConfiguration": ("", "s3:PutEncryptionConfiguration s3:GetEncryptionConfiguration"),
    "s3/bucketVersioning": ("", "s3:PutBucketVersioning s3:GetBucketVersioning"),
    "secretsmanager/secret": (
        "arn:aws:secretsmanager:us-east-1:{account}:secret:{name}-AbCdEf",
        "secretsmanager:CreateSecret secretsmanager:UpdateSecret secretsmanager:DeleteSecret",
    ),
    "secretsmanager/secretPolicy": ("", "secretsmanager:PutResourcePolicy secretsmanager:DeleteResourcePolicy"),
    "secretsmanager/secretRotation": ("", "secretsmanager:RotateSecret secretsmanager:CancelRotateSecret"),
    "secretsmanager/secretVersion": (
        "",
        "secretsmanager:PutSecretValue secretsmanager:GetSecretValue secretsmanager:UpdateSecretVersionStage",
    ),
    "scheduler/schedule": (
        "arn:aws:scheduler:us-east-1:{account}:schedule/{groupName}/{name}",
        "scheduler:CreateSchedule scheduler:GetSchedule scheduler:UpdateSchedule scheduler:DeleteSchedule",
    ),
    "scheduler/scheduleGroup": (
        "arn:aws:scheduler:us-east-1:{account}:schedule-group/{name}",
        "scheduler:CreateScheduleGroup scheduler:GetScheduleGroup scheduler:ListTagsForResource scheduler:TagResource "
        "scheduler:DeleteScheduleGroup",
    ),
    "sfn/stateMachine": (
        "arn:aws:states:us-east-1:{account}:stateMachine:{name}",
        "states:ValidateStateMachineDefinition states:CreateStateMachine states:DescribeStateMachine "
        "states:ListStateMachineVersions states:UpdateStateMachine states:TagResource "
        "states:DeleteStateMachine",
    ),
    "sns/topic": (
        "arn:aws:sns:us-east-1:{account}:{name}",
        "sns:CreateTopic sns:GetTopicAttributes sns:SetTopicAttributes sns:TagResource sns:DeleteTopic",
    ),
    "sns/topicPolicy": (
        "",
        "sns:SetTopicAttributes sns:GetTopicAttributes",
    ),
    "sns/topicSubscription": (
        "",
        "sns:Subscribe sns:GetSubscriptionAttributes sns:SetSubscriptionAttributes sns:Unsubscribe",
    ),
    "sqs/queue": (
        "arn:aws:sqs:us-east-1:{account}:{name}",
        "sqs:CreateQueue sqs:SetQueueAttributes sqs:GetQueueAttributes sqs:DeleteQueue",
    ),
    "sqs/queuePolicy": (
        "",
        "sqs:SetQueueAttributes sqs:GetQueueAttributes",
    ),
    "ssm/parameter": (
        "arn:aws:ssm:us-east-1:{account}:parameter{name}",
        "ssm:PutParameter ssm:AddTagsToResource ssm:GetParameter ssm:DescribeParameters ssm:ListTagsForResource "
        "ssm:RemoveTagsFromResource ssm:DeleteParameter",
    ),
    "timestreamwrite/database": (
        "arn:aws:timestream:us-east-1:{account}:database/{databaseName}",
        "timestream:DescribeEndpoints timestream:CreateDatabase timestream:DescribeDatabase "
        "timestream:UpdateDatabase timestream:TagResource timestream:DeleteDatabase",
    ),
    "timestreamwrite/table": (
        "arn:aws:timestream:us-east-1:{account}:database/{databaseName}/table/{tableName}",
        "timestream:CreateTable timestream:DescribeTable timestream:UpdateTable timestream:TagResource "
        "timestream:DeleteTable",
    ),
    "vpc/securityGroupEgressRule": (
        "",
        "ec2:AuthorizeSecurityGroupEgress ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupEgress",
    ),
    "vpc/securityGroupIngressRule": (
        "",
        "ec2:AuthorizeSecurityGroupIngress ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupIngress",
    ),
    "wafv2/webAcl": (
        "arn:aws:wafv2:us-east-1:{account}:regional/webacl/{name}/a1b2c3",
        "wafv2:CreateWebACL wafv2:GetWebACL wafv2:ListTagsForResource wafv2:TagResource wafv2:UpdateWebACL "
        "wafv2:DeleteWebACL",
    ),
    "wafv2/webAclAssociation": (
        "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/v1",
        "apigateway:SetWebACL wafv2:AssociateWebACL wafv2:GetWebACLForResource wafv2:DisassociateWebACL",
    ),
    # On the ACL, whose name the inputs do not have, and on the delivery of logs.
    "wafv2/webAclLoggingConfiguration": (
        "",
        "wafv2:PutLoggingConfiguration wafv2:GetLoggingConfiguration wafv2:DeleteLoggingConfiguration "
        "logs:CreateLogDelivery logs:DeleteLogDelivery s3:GetBucketPolicy s3:PutBucketPolicy",
    ),
}

# What is made of a collection takes rights on the collection too: by ARN, the action.
COLLECTIONS = {
    f"arn:aws:apigateway:us-east-1::/{collection}": "apigateway:POST"
    for collection in (
        *("apikeys", "apis", "apis/a1b2c3d4e5/authorizers", "apis/a1b2c3d4e5/integrations", "apis/a1b2c3d4e5/routes"),
        *("apis/a1b2c3d4e5/stages", "domainnames", "restapis", "usageplans"),
    )
}

# What a release of the agentic system does besides (systems/agentic/deploy), and the only thing that it does it to.
RELEASE = {
    "lambda:InvokeFunction": "arn:aws:lambda:us-east-1:{account}:function:{environment}-agenticai-*",
    "dynamodb:CreateBackup": "arn:aws:dynamodb:us-east-1:{account}:table/{environment}-agenticai-*",
    "dynamodb:DeleteBackup": "arn:aws:dynamodb:us-east-1:{account}:table/{environment}-agenticai-*",
    "dynamodb:DescribeBackup": "arn:aws:dynamodb:us-east-1:{account}:table/{environment}-agenticai-*",
    "dynamodb:ListBackups": "*",
}

# What a type takes that the stacks have only with another setting than theirs.
BY_SETTING: dict[str, str] = {
    "appautoscaling/scheduledAction": (
        "application-autoscaling:PutScheduledAction application-autoscaling:DescribeScheduledActions "
        "application-autoscaling:DeleteScheduledAction"
    ),
    "ecr/repository": (
        "ecr:CreateRepository ecr:DescribeRepositories ecr:ListTagsForResource ecr:PutImageScanningConfiguration "
        "ecr:PutImageTagMutability ecr:TagResource ecr:UntagResource ecr:DeleteRepository"
    ),
    "ecs/cluster": (
        "ecs:CreateCluster ecs:DescribeClusters ecs:ListTagsForResource ecs:PutClusterCapacityProviders "
        "ecs:TagResource ecs:UntagResource ecs:UpdateCluster ecs:UpdateClusterSettings ecs:DeleteCluster "
        "iam:CreateServiceLinkedRole"
    ),
    "ecs/service": "ecs:CreateService ecs:DescribeServices ecs:TagResource ecs:UpdateService ecs:DeleteService",
    "ecs/taskDefinition": (
        "ecs:RegisterTaskDefinition ecs:DescribeTaskDefinition ecs:TagResource ecs:DeregisterTaskDefinition "
        "iam:PassRole"
    ),
    "lb/listener": (
        "elasticloadbalancing:CreateListener elasticloadbalancing:DescribeListeners elasticloadbalancing:AddTags "
        "elasticloadbalancing:DescribeListenerAttributes elasticloadbalancing:ModifyListener "
        "elasticloadbalancing:ModifyListenerAttributes elasticloadbalancing:DeleteListener"
    ),
    "lb/loadBalancer": (
        "elasticloadbalancing:CreateLoadBalancer elasticloadbalancing:DescribeLoadBalancers "
        "elasticloadbalancing:DescribeLoadBalancerAttributes elasticloadbalancing:DescribeTags "
        "elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags elasticloadbalancing:SetSecurityGroups "
        "elasticloadbalancing:SetSubnets elasticloadbalancing:ModifyLoadBalancerAttributes "
        "elasticloadbalancing:DeleteLoadBalancer iam:CreateServiceLinkedRole"
    ),
    "lb/targetGroup": (
        "elasticloadbalancing:CreateTargetGroup elasticloadbalancing:DescribeTargetGroups "
        "elasticloadbalancing:DescribeTargetGroupAttributes elasticloadbalancing:AddTags "
        "elasticloadbalancing:ModifyTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes "
        "elasticloadbalancing:DeleteTargetGroup"
    ),
    "ecr/lifecyclePolicy": "ecr:PutLifecyclePolicy ecr:GetLifecyclePolicy ecr:DeleteLifecyclePolicy",
    "ecr/repositoryPolicy": "ecr:SetRepositoryPolicy ecr:GetRepositoryPolicy ecr:DeleteRepositoryPolicy",
    "timestreaminfluxdb/dbInstance": (
        "timestream-influxdb:CreateDbInstance timestream-influxdb:GetDbInstance timestream-influxdb:UpdateDbInstance "
        "timestream-influxdb:ListTagsForResource timestream-influxdb:TagResource timestream-influxdb:DeleteDbInstance "
        "ec2:CreateNetworkInterface ec2:DescribeSubnets ec2:DescribeVpcs iam:CreateServiceLinkedRole"
    ),
}

# Names that no preview knows, by the resource's: they carry the id of another resource.
LATER: dict[str, dict[str, str]] = {"api-execution-log": {"name": "API-Gateway-Execution-Logs_a1b2c3d4e5/v1"}}

# Everything that the preview role may do: state, the key behind its secrets, and looking.
LOOKING = {
    "acm:DescribeCertificate",
    "acm:ListTagsForCertificate",
    "apigateway:GET",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
    "application-autoscaling:ListTagsForResource",
    "backup:DescribeBackupVault",
    "backup:GetBackupPlan",
    "backup:GetBackupSelection",
    "backup:GetBackupVaultNotifications",
    "backup:ListTags",
    "budgets:ListTagsForResource",
    "budgets:ViewBudget",
    "cloudfront:DescribeFunction",
    "cloudfront:GetCachePolicy",
    "cloudfront:GetDistribution",
    "cloudfront:GetFunction",
    "cloudfront:GetOriginAccessControl",
    "cloudfront:GetResponseHeadersPolicy",
    "cloudfront:ListTagsForResource",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListTagsForResource",
    "cognito-idp:DescribeUserPool",
    "cognito-idp:GetUserPoolMfaConfig",
    "cognito-idp:ListTagsForResource",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:ListTagsOfResource",
    "ec2:Describe*",
    "ec2:GetManagedPrefixListEntries",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListTagsForResource",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTagsForResource",
    "elasticache:Describe*",
    "elasticache:ListTagsForResource",
    "elasticloadbalancing:Describe*",
    "events:DescribeArchive",
    "events:DescribeEventBus",
    "events:DescribeRule",
    "events:ListTagsForResource",
    "events:ListTargetsByRule",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListResourceTags",
    "lambda:GetAlias",
    "lambda:GetEventSourceMapping",
    "lambda:GetFunction*",
    "lambda:GetLayerVersion",
    "lambda:GetPolicy",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:ListTags",
    "lambda:ListVersionsByFunction",
    "logs:DescribeLogGroups",
    "logs:DescribeMetricFilters",
    "logs:GetDelivery",
    "logs:GetDeliveryDestination",
    "logs:GetDeliverySource",
    "logs:ListTagsForResource",
    "route53:GetChange",
    "route53:GetHealthCheck",
    "route53:GetHostedZone",
    "route53:ListHostedZones",
    "route53:ListHostedZonesByName",
    "route53:ListResourceRecordSets",
    "route53:ListTagsForResource",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListTagsForResource",
    "scheduler:GetSchedule",
    "scheduler:GetScheduleGroup",
    "scheduler:ListTagsForResource",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:GetResourcePolicy",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListQueueTags",
    "ssm:DescribeParameters",
    "ssm:ListTagsForResource",
    "states:DescribeStateMachine",
    "states:ListStateMachineVersions",
    "states:ListTagsForResource",
    "states:ValidateStateMachineDefinition",
    "timestream-influxdb:GetDbInstance",
    "timestream-influxdb:ListTagsForResource",
    "timestream:DescribeDatabase",
    "timestream:DescribeEndpoints",
    "timestream:DescribeTable",
    "timestream:ListTagsForResource",
    "wafv2:GetLoggingConfiguration",
    "wafv2:GetWebACL",
    "wafv2:GetWebACLForResource",
    "wafv2:ListTagsForResource",
}
