"""What deploying and previewing the trading stacks takes of IAM, as data for the tests of the bootstrap system."""

from __future__ import annotations

# What each type of the trading stacks takes to be made and removed, by type: the ARN of one, composed of its inputs,
# "" where it has no name, and the actions. Source: Service Authorization Reference, and the provider's calls.
NEEDED: dict[str, tuple[str, str]] = {
    "appautoscaling/policy": (
        "",
        "application-autoscaling:PutScalingPolicy application-autoscaling:DeleteScalingPolicy",
    ),
    "appautoscaling/target": (
        "",
        "application-autoscaling:RegisterScalableTarget application-autoscaling:DeregisterScalableTarget",
    ),
    "cloudwatch/logGroup": (
        "arn:aws:logs:us-east-1:{account}:log-group:{name}",
        "logs:CreateLogGroup logs:PutRetentionPolicy logs:DeleteLogGroup",
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
    "kms/alias": (
        "arn:aws:kms:us-east-1:{account}:{name}",
        "kms:CreateAlias kms:UpdateAlias kms:DeleteAlias",
    ),
    "kms/key": ("", "kms:CreateKey kms:TagResource kms:EnableKeyRotation kms:PutKeyPolicy kms:ScheduleKeyDeletion"),
    "lambda/alias": (
        "arn:aws:lambda:us-east-1:{account}:function:{functionName}",
        "lambda:CreateAlias lambda:UpdateAlias lambda:DeleteAlias",
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
    "sqs/queue": (
        "arn:aws:sqs:us-east-1:{account}:{name}",
        "sqs:CreateQueue sqs:SetQueueAttributes sqs:GetQueueAttributes sqs:DeleteQueue",
    ),
    "vpc/securityGroupEgressRule": (
        "",
        "ec2:AuthorizeSecurityGroupEgress ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupEgress",
    ),
    "vpc/securityGroupIngressRule": (
        "",
        "ec2:AuthorizeSecurityGroupIngress ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupIngress",
    ),
}

# Everything that the preview role may do: state, the key behind its secrets, and looking.
LOOKING = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:ListTagsForResource",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:ListTagsOfResource",
    "ec2:Describe*",
    "ec2:GetManagedPrefixListEntries",
    "elasticache:Describe*",
    "elasticache:ListTagsForResource",
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
    "lambda:GetFunction*",
    "lambda:GetLayerVersion",
    "lambda:GetPolicy",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:ListTags",
    "lambda:ListVersionsByFunction",
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListTagsForResource",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:GetResourcePolicy",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListQueueTags",
}
