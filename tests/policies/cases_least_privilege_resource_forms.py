"""Fixtures of rules about the form of resource policies, what they refuse to everybody, and endpoints."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made
from tests.policies.cases_least_privilege_resource_policies import (
    AT,
    NO_POLICY,
    OWN,
    QUEUE_POLICY,
    REFUSAL,
    ROLE,
    ROW,
    TLS,
    UNKNOWNS,
    document,
    policy,
    row,
)

FORM = Cases(
    rule="resource-policy-is-well-formed",
    good={
        "text": policy(ROW),
        "object": [made(QUEUE_POLICY, policy=document(ROW))],
        "AWS's own": [made("aws:sns/topic:Topic", policy={**document(ROW), "Version": "2008-10-17"})],
    },
    bad={
        "no JSON": ([made(QUEUE_POLICY, policy="{")], ("policy",)),
        "no policy": ([made(QUEUE_POLICY, policy="[]")], ("policy",)),
        "number": ([made(QUEUE_POLICY, policy=7)], ("policy",)),
        "statement of text": ([made(QUEUE_POLICY, policy=document("Allow"))], ("policy",)),
        "old version": (
            [made(QUEUE_POLICY, policy={**document(ROW), "Version": "2008-10-17"})],
            ("policy.Version",),
        ),
        "no version": ([made(QUEUE_POLICY, policy={"Statement": [ROW]})], ("policy.Version",)),
        "effect": (policy(row(Effect="Permit")), (f"{AT}.Effect",)),
        "no action": (policy(row(Action=[])), (f"{AT}.Action",)),
        "no principal": (policy(row(Principal=None)), (f"{AT}.Principal",)),
    },
    unknown={
        **UNKNOWNS,
        "version": ([made(QUEUE_POLICY, policy={**document(ROW), "Version": UNKNOWN})], ("policy.Version",)),
    },
    skipped=NO_POLICY,
)

# What each type's policy is put with.
MENDING = {
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "events:PutPermission",
    "aws:dynamodb/resourcePolicy:ResourcePolicy": "dynamodb:PutResourcePolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "ecr:SetRepositoryPolicy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "elasticfilesystem:PutFileSystemPolicy",
    "aws:kinesis/resourcePolicy:ResourcePolicy": "kinesis:PutResourcePolicy",
    "aws:s3/bucket:Bucket": "s3:PutBucketPolicy",
    "aws:s3/bucketPolicy:BucketPolicy": "s3:PutBucketPolicy",
    "aws:secretsmanager/secret:Secret": "secretsmanager:PutResourcePolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "secretsmanager:*",
    "aws:sns/topic:Topic": "sns:SetTopicAttributes",
    "aws:sns/topicPolicy:TopicPolicy": "sns:SetTopicAttributes",
    "aws:sqs/queue:Queue": "sqs:SetQueueAttributes",
    "aws:sqs/queuePolicy:QueuePolicy": "sqs:SetQueueAttributes",
}
LOCKOUT = Cases(
    rule="resource-policy-locks-nobody-out",
    good={
        "TLS": policy({**REFUSAL, **TLS}),
        "some actions": policy({**REFUSAL, "Action": "sqs:ReceiveMessage"}),
        "some principals": policy({**REFUSAL, "Principal": {"AWS": ROLE}}),
        "all but one": policy({"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "*", "Resource": "*"}),
    },
    bad={
        "everything": (policy(REFUSAL), (AT,)),
        "to the account": (policy(ROW, {**REFUSAL, "Principal": {"AWS": OWN}}), ("policy.Statement[1]",)),
        **{
            f"{action} of {type_}": (policy({**REFUSAL, "Action": action}, type_=type_), (AT,))
            for type_, action in MENDING.items()
        },
    },
    unknown=UNKNOWNS,
    skipped=NO_POLICY,
)

ENDPOINT = made(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    vpcEndpointType="Interface",
    policy=document(
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": OWN}},
        }
    ),
)
ENDPOINT_POLICY = "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"
ON_ROW = "policy.Statement.0"
BARE = changed(ENDPOINT, {"policy": GONE})
LIMITS = Cases(
    rule="vpc-endpoint-policy-limits-callers",
    good={
        "callers": [ENDPOINT],
        "resources of the account": [
            changed(ENDPOINT, {f"{ON_ROW}.Condition": {"StringEquals": {"aws:ResourceAccount": OWN}}})
        ],
        "named resources": [
            changed(ENDPOINT, {f"{ON_ROW}.Condition": GONE, f"{ON_ROW}.Resource": "arn:aws:s3:::layers/*"})
        ],
        "policy by itself": [made(ENDPOINT_POLICY, policy=ENDPOINT.inputs["policy"])],
    },
    bad={
        "none": ([BARE], ("policy",)),
        "no condition": ([changed(ENDPOINT, {f"{ON_ROW}.Condition": GONE})], (f"{AT}.Condition",)),
        "if exists": (
            [changed(ENDPOINT, {f"{ON_ROW}.Condition": {"StringEqualsIfExists": {"aws:ResourceAccount": OWN}}})],
            (f"{AT}.Condition",),
        ),
    },
    unknown={
        "policy": ([changed(ENDPOINT, {"policy": UNKNOWN})], ("policy",)),
        "whether there is one": ([BARE, made(ENDPOINT_POLICY, "policy", vpcEndpointId=UNKNOWN)], ("policy",)),
    },
    skipped={
        "balancer": [changed(BARE, {"vpcEndpointType": "GatewayLoadBalancer"})],
        "policy elsewhere": [BARE, made(ENDPOINT_POLICY, "policy", refers={"vpcEndpointId": BARE})],
    },
)

CASES: list[Cases] = [FORM, LOCKOUT, LIMITS]
