"""Fixtures of rules about keys, certificates, containers, load balancers, user pools and mixed ways of writing."""

from __future__ import annotations

import dataclasses

from plumbline.graph import UNKNOWN, Options, Resource
from tests.policies.cases import GONE, Cases, changed, made

KEY = made("aws:kms/key:Key", "key", deletionWindowInDays=30)
REPLICA = made("aws:kms/replicaKey:ReplicaKey", "replica")
WINDOW = "deletionWindowInDays"
DELETION = Cases(
    rule="kms-key-deletion-takes-time",
    parameters={"shortest_days": 14},
    good={"days": [KEY], "by default": [REPLICA], "text": [changed(KEY, {WINDOW: "14"})]},
    bad={"too short": ([changed(KEY, {WINDOW: 7})], (WINDOW,)), "text": ([changed(KEY, {WINDOW: "now"})], (WINDOW,))},
    unknown={"days": ([changed(KEY, {WINDOW: UNKNOWN})], (WINDOW,))},
    always=True,
)
ENABLED = Cases(
    rule="kms-key-enabled",
    good={"by default": [KEY], "on": [changed(KEY, {"isEnabled": True})], "replica": [REPLICA]},
    bad={
        "off": ([changed(KEY, {"isEnabled": False})], ("isEnabled",)),
        "text": ([changed(KEY, {"isEnabled": "false"})], ("isEnabled",)),
        "replica": ([changed(REPLICA, {"enabled": False})], ("enabled",)),
    },
    unknown={"on": ([changed(KEY, {"isEnabled": UNKNOWN})], ("isEnabled",))},
    always=True,
)

CERTIFICATE = made("aws:acm/certificate:Certificate", "site", domainName="example.com", validationMethod="DNS")
RENEWAL = Cases(
    rule="certificate-renews-itself",
    good={
        "DNS": [CERTIFICATE],
        "private": [changed(CERTIFICATE, {"validationMethod": GONE, "certificateAuthorityArn": UNKNOWN})],
    },
    bad={
        "mail": ([changed(CERTIFICATE, {"validationMethod": "EMAIL"})], ("validationMethod",)),
        "missing": ([changed(CERTIFICATE, {"validationMethod": GONE})], ("validationMethod",)),
        "imported": ([made(CERTIFICATE.type, certificateBody="x", privateKey=UNKNOWN)], ("certificateBody",)),
        "deleted first": ([dataclasses.replace(CERTIFICATE, options=Options(delete_before_replace=True))], ("",)),
    },
    unknown={"method": ([changed(CERTIFICATE, {"validationMethod": UNKNOWN})], ("validationMethod",))},
    always=True,
)

REPOSITORY = made("aws:ecr/repository:Repository", "images", imageTagMutability="IMMUTABLE")
TAGS = "imageTagMutability"
IMMUTABLE = Cases(
    rule="ecr-tags-immutable",
    good={"immutable": [REPOSITORY], "lower case": [changed(REPOSITORY, {TAGS: "immutable"})]},
    bad={
        "mutable": ([changed(REPOSITORY, {TAGS: "MUTABLE"})], (TAGS,)),
        "missing": ([changed(REPOSITORY, {TAGS: GONE})], (TAGS,)),
        "but for some": ([changed(REPOSITORY, {TAGS: "IMMUTABLE_WITH_EXCLUSION"})], (TAGS,)),
    },
    unknown={"word": ([changed(REPOSITORY, {TAGS: UNKNOWN})], (TAGS,))},
    always=True,
)
EKS = made("aws:eks/cluster:Cluster", "cluster", version="1.35")
VERSION = Cases(
    rule="eks-version-supported",
    parameters={"oldest": "1.34"},
    good={
        "newer": [EKS],
        "oldest": [changed(EKS, {"version": "1.34"})],
        "newest": [changed(EKS, {"version": GONE})],
        "two digits": [changed(EKS, {"version": "1.100"})],
    },
    bad={
        "old": ([changed(EKS, {"version": "1.29"})], ("version",)),
        "one digit": ([changed(EKS, {"version": "1.9"})], ("version",)),
        "number": ([changed(EKS, {"version": 1.29})], ("version",)),
        "none": ([changed(EKS, {"version": "latest"})], ("version",)),
        "wrong kind": ([changed(EKS, {"version": ["1.35"]})], ("version",)),
    },
    always=True,
    never_unknown="one that only AWS can decide is the newest",
)
SERVICE = made("aws:ecs/service:Service", "service", launchType="FARGATE", platformVersion="LATEST")
PLATFORM = "platformVersion"
ON_EC2 = {"launchType": GONE, "capacityProviderStrategies": [{"capacityProvider": "machines"}]}
PLATFORMS = Cases(
    rule="ecs-fargate-platform-newest",
    good={
        "latest": [SERVICE],
        "by default": [changed(SERVICE, {PLATFORM: GONE})],
        "provider": [
            changed(SERVICE, {**ON_EC2, "capacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT"}]})
        ],
    },
    bad={
        "old": ([changed(SERVICE, {PLATFORM: "1.3.0"})], (PLATFORM,)),
        "without a launch type": ([changed(SERVICE, {"launchType": GONE, PLATFORM: "1.2.0"})], (PLATFORM,)),
    },
    unknown={
        "version": ([changed(SERVICE, {PLATFORM: UNKNOWN})], (PLATFORM,)),
        "launch type": ([changed(SERVICE, {"launchType": UNKNOWN, PLATFORM: "1.3.0"})], ("launchType",)),
    },
    skipped={
        "EC2": [changed(SERVICE, {"launchType": "EC2"})],
        "machines": [changed(SERVICE, {**ON_EC2, PLATFORM: GONE})],
        "default provider": [made(SERVICE.type)],
    },
)

FIRST, SECOND, SAME = (
    made("aws:ec2/subnet:Subnet", name, availabilityZone=f"us-east-1{zone}")
    for name, zone in (("first", "a"), ("second", "b"), ("same", "a"))
)
BALANCER = made(
    "aws:lb/loadBalancer:LoadBalancer", "web", enableDeletionProtection=True, subnets=["subnet-1", "subnet-2"]
)
NETWORK = changed(BALANCER, {"loadBalancerType": "network", "enableCrossZoneLoadBalancing": True})
PROTECTION, CROSS = "enableDeletionProtection", "enableCrossZoneLoadBalancing"


def between(*subnets: Resource) -> list[Resource]:
    balancer = changed(BALANCER, {"subnets": [UNKNOWN for _ in subnets]})
    urns = tuple(subnet.urn for subnet in subnets)
    return [dataclasses.replace(balancer, property_dependencies={"subnets": urns}), *subnets]


PROTECTED = Cases(
    rule="load-balancer-deletion-protected",
    good={"on": [BALANCER], "old name": [dataclasses.replace(BALANCER, type="aws:alb/loadBalancer:LoadBalancer")]},
    bad={
        "off": ([changed(BALANCER, {PROTECTION: False})], (PROTECTION,)),
        "missing": ([changed(BALANCER, {PROTECTION: GONE})], (PROTECTION,)),
    },
    unknown={"on": ([changed(BALANCER, {PROTECTION: UNKNOWN})], (PROTECTION,))},
    always=True,
)
MAPPED = changed(BALANCER, {"subnets": GONE, "subnetMappings": [{"subnetId": "a"}, {"subnetId": "b"}]})
ZONES = Cases(
    rule="load-balancer-in-several-zones",
    good={
        "two": [BALANCER],
        "by reference": between(FIRST, SECOND),
        "mapped": [MAPPED],
        "network": [NETWORK],
    },
    bad={
        "one": ([changed(BALANCER, {"subnets": ["subnet-1"]})], ("subnets",)),
        "none": ([changed(BALANCER, {"subnets": GONE})], ("subnets",)),
        "one zone": (between(FIRST, SAME), ("subnets",)),
        "one mapped": ([changed(MAPPED, {"subnetMappings": [{"subnetId": "a"}]})], ("subnetMappings",)),
        "not across": ([changed(NETWORK, {CROSS: False})], (CROSS,)),
        "by default": ([changed(NETWORK, {CROSS: GONE})], (CROSS,)),
    },
    unknown={
        "subnets": ([changed(BALANCER, {"subnets": UNKNOWN})], ("subnets",)),
        "mapped": ([changed(MAPPED, {"subnetMappings": UNKNOWN})], ("subnetMappings",)),
    },
    always=True,
)
CHECK = {"path": "/health", "protocol": "HTTPS"}
TARGETS = made("aws:lb/targetGroup:TargetGroup", "service", protocol="HTTPS", targetType="ip", healthCheck=CHECK)
LAMBDA = made(TARGETS.type, targetType="lambda")
HEALTH = Cases(
    rule="target-group-checks-health",
    good={
        "path": [TARGETS],
        "TCP": [changed(TARGETS, {"protocol": "TCP", "healthCheck": {"protocol": "TCP"}})],
    },
    bad={
        "none": ([changed(TARGETS, {"healthCheck": GONE})], ("healthCheck",)),
        "empty": ([changed(TARGETS, {"healthCheck": {}})], ("healthCheck",)),
        "off": ([changed(TARGETS, {"healthCheck.enabled": False})], ("healthCheck.enabled",)),
        "no path": ([changed(TARGETS, {"healthCheck.path": GONE})], ("healthCheck.path",)),
        "wrong kind": ([changed(TARGETS, {"healthCheck.path": 5})], ("healthCheck.path",)),
    },
    unknown={
        "check": ([changed(TARGETS, {"healthCheck": UNKNOWN})], ("healthCheck",)),
        "path": ([changed(TARGETS, {"healthCheck.path": UNKNOWN})], ("healthCheck.path",)),
    },
    skipped={"function": [LAMBDA]},
)
CHECKED = Cases(
    rule="target-group-health-check-encrypted",
    good={"HTTPS": [TARGETS]},
    bad={
        "HTTP": ([changed(TARGETS, {"healthCheck.protocol": "HTTP"})], ("healthCheck.protocol",)),
        "by default": ([changed(TARGETS, {"healthCheck": GONE})], ("healthCheck.protocol",)),
    },
    unknown={"protocol": ([changed(TARGETS, {"healthCheck.protocol": UNKNOWN})], ("healthCheck.protocol",))},
    skipped={"function": [LAMBDA]},
)
ENCRYPTED = Cases(
    rule="target-group-encrypted",
    good={"HTTPS": [TARGETS], "TLS": [changed(TARGETS, {"protocol": "TLS"})]},
    bad={
        "HTTP": ([changed(TARGETS, {"protocol": "HTTP"})], ("protocol",)),
        "TCP": ([changed(TARGETS, {"protocol": "TCP"})], ("protocol",)),
        "missing": ([changed(TARGETS, {"protocol": GONE})], ("protocol",)),
    },
    unknown={"protocol": ([changed(TARGETS, {"protocol": UNKNOWN})], ("protocol",))},
    skipped={"function": [LAMBDA], "appliance": [changed(TARGETS, {"protocol": "GENEVE"})]},
)

USERS = made("aws:cognito/userPool:UserPool", "users", deletionProtection="ACTIVE")
POOL = Cases(
    rule="cognito-pool-deletion-protected",
    good={"active": [USERS]},
    bad={
        "inactive": ([changed(USERS, {"deletionProtection": "INACTIVE"})], ("deletionProtection",)),
        "missing": ([changed(USERS, {"deletionProtection": GONE})], ("deletionProtection",)),
    },
    unknown={"word": ([changed(USERS, {"deletionProtection": UNKNOWN})], ("deletionProtection",))},
    always=True,
)

GROUP = made("aws:ec2/securityGroup:SecurityGroup", "group")
INGRESS = made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", refers={"securityGroupId": GROUP})
OLD = made("aws:ec2/securityGroupRule:SecurityGroupRule", "old", refers={"securityGroupId": GROUP}, type="ingress")
LISTING = changed(GROUP, {"ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443}]})
# What AWS answers also lists the rules that other resources gave the group.
ANSWERED = dataclasses.replace(GROUP, outputs=LISTING.inputs)
ONE_WAY = Cases(
    rule="security-group-has-rules-one-way",
    good={
        "separate": [GROUP, INGRESS],
        "older": [GROUP, OLD],
        "listed": [LISTING],
        "one of each direction": [LISTING, made(OLD.type, refers={"securityGroupId": GROUP}, type="egress")],
        "answered": [ANSWERED, INGRESS],
    },
    bad={
        "both": ([LISTING, INGRESS], ("ingress",)),
        "both, older": ([LISTING, OLD], ("ingress",)),
        "emptied": ([changed(GROUP, {"ingress": []}), INGRESS], ("ingress",)),
        "two kinds": ([GROUP, INGRESS, OLD], ("",)),
    },
    skipped={"no rules": [GROUP]},
    never_unknown="whether rules are written is known",
)

CASES = [
    *(DELETION, ENABLED, RENEWAL, IMMUTABLE, VERSION, PLATFORMS, PROTECTED, ZONES, HEALTH, CHECKED, ENCRYPTED),
    *(POOL, ONE_WAY),
]
