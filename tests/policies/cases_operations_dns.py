"""Fixtures of rules about names, mail domains and the buckets of trails."""

from __future__ import annotations

import dataclasses
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

ZONE = made("aws:route53/zone:Zone", "zone", name="example.com")
SIGNING = made("aws:route53/hostedZoneDnsSec:HostedZoneDnsSec", refers={"hostedZoneId": ZONE}, signingStatus="SIGNING")
KEY = made("aws:route53/keySigningKey:KeySigningKey", refers={"hostedZoneId": ZONE}, status="ACTIVE")
SIGNED = Cases(
    rule="zone-is-signed",
    good={"signed": [ZONE, SIGNING, KEY], "no VPC": [changed(ZONE, {"vpcs": []}), SIGNING, KEY]},
    bad={
        "not": ([ZONE], ("", "")),
        "without key": ([ZONE, SIGNING], ("",)),
        "key only": ([ZONE, KEY], ("",)),
    },
    unknown={"of which zone": ([ZONE, KEY, made(SIGNING.type, hostedZoneId=UNKNOWN)], ("",))},
    skipped={"private": [changed(ZONE, {"vpcs": [{"vpcId": UNKNOWN}]})]},
)
ON = Cases(
    rule="zone-signing-is-on",
    good={
        "signing": [SIGNING],
        "by default": [changed(SIGNING, {"signingStatus": GONE})],
        "key": [KEY],
    },
    bad={
        "off": ([changed(SIGNING, {"signingStatus": "NOT_SIGNING"})], ("signingStatus",)),
        "key": ([changed(KEY, {"status": "INACTIVE"})], ("status",)),
    },
    unknown={"status": ([changed(SIGNING, {"signingStatus": UNKNOWN})], ("signingStatus",))},
    always=True,
)
SITE = made("aws:cloudfront/distribution:Distribution", "site")
EIP = made("aws:ec2/eip:Eip", "address")
DEPLOYED = dataclasses.replace(SITE, outputs={"domainName": "d123.cloudfront.net"})


def record(kind: Any, *records: Any, **more: Any) -> Resource:
    return made("aws:route53/record:Record", name="www.example.com", type=kind, records=list(records), **more)


def leading(kind: str, to: Resource, path: str) -> Resource:
    return made("aws:route53/record:Record", refers={path: to}, name="www.example.com", type=kind)


def alias(name: Any) -> Resource:
    return made("aws:route53/record:Record", name="www.example.com", type="A", aliases=[{"name": name}])


TARGET = "records.0"
DANGLING = Cases(
    rule="record-leads-to-own-resource",
    good={
        "alias": [leading("A", SITE, "aliases"), SITE],
        "address": [leading("A", EIP, "records"), EIP],
        "known after the deployment": [alias("D123.cloudfront.net."), DEPLOYED],
        "another record": [alias("example.com"), made("aws:route53/record:Record", "apex", name="example.com")],
        "private address": [record("A", "10.0.0.4")],
        "another's host": [record("CNAME", "shop.example.net")],
        "allowed": [record("A", "8.8.8.8")],
    },
    bad={
        "address": (([record("A", "9.9.9.9")]), (TARGET,)),
        "address of IPv6": (([record("AAAA", "2600::1")]), (TARGET,)),
        "one address": ([changed(record("A"), {"records": "9.9.9.9"})], ("records",)),
        "alias": ([alias("gone.cloudfront.net"), SITE], ("aliases.0.name",)),
        "bucket": ([record("CNAME", "old.s3-website-eu-west-1.amazonaws.com")], (TARGET,)),
        "balancer": ([record("CNAME", "old-1.eu-west-1.elb.amazonaws.com.")], (TARGET,)),
        "nothing": ([made("aws:route53/record:Record", name="www.example.com", type="A")], ("records",)),
    },
    unknown={
        "records": ([changed(record("A"), {"records": UNKNOWN})], ("records",)),
        "one": ([record("A", UNKNOWN)], (TARGET,)),
        "alias": ([alias(UNKNOWN)], ("aliases.0.name",)),
    },
    skipped={"text": [record("TXT", "v=spf1 -all")]},
    parameters={"targets": ["8.8.*"]},
)
IDENTITY = made("aws:sesv2/emailIdentity:EmailIdentity", "mail", emailIdentity="example.com")
TOKENS = made("aws:route53/record:Record", "tokens", refers={"records": IDENTITY, "name": IDENTITY}, type="CNAME")
DOMAIN = made("aws:ses/domainIdentity:DomainIdentity", "old-mail", domain="example.com")
DKIM = made("aws:ses/domainDkim:DomainDkim", refers={"domain": DOMAIN})
LENGTH = "dkimSigningAttributes.nextSigningKeyLength"
MAIL = Cases(
    rule="mail-domain-signs",
    good={
        "published": [IDENTITY, TOKENS],
        "filled in by AWS": [changed(IDENTITY, {"dkimSigningAttributes": UNKNOWN}), TOKENS],
        "own key": [changed(IDENTITY, {"dkimSigningAttributes": {"domainSigningPrivateKey": "example"}})],
        "domain": [DOMAIN, DKIM, made(TOKENS.type, refers={"records": DKIM})],
    },
    bad={
        "not published": ([IDENTITY], ("",)),
        "short key": ([changed(IDENTITY, {LENGTH: "RSA_1024_BIT"}), TOKENS], (LENGTH,)),
        "domain": ([DOMAIN], ("",)),
        "domain, not published": ([DOMAIN, DKIM], ("",)),
    },
    unknown={
        "length": ([changed(IDENTITY, {LENGTH: UNKNOWN}), TOKENS], (LENGTH,)),
        "of which domain": ([DOMAIN, made(DKIM.type, domain=UNKNOWN)], ("",)),
    },
    skipped={"address": [changed(IDENTITY, {"emailIdentity": "clerk@example.com"})]},
)
BUCKET = made("aws:s3/bucket:Bucket", "trail", bucket="example-trail")
TRAIL = made("aws:cloudtrail/trail:Trail", refers={"s3BucketName": BUCKET})
BLOCK = made(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    refers={"bucket": BUCKET},
    blockPublicAcls=True,
    blockPublicPolicy=True,
    ignorePublicAcls=True,
    restrictPublicBuckets=True,
)
PATH = ("s3BucketName",)
ELSEWHERE = made(TRAIL.type, s3BucketName="example-archive")
NOT_PUBLIC = Cases(
    rule="trail-bucket-is-not-public",
    good={
        "blocked": [TRAIL, BUCKET, BLOCK],
        "by name": [made(TRAIL.type, s3BucketName="example-trail"), BUCKET, BLOCK],
    },
    bad={
        "no block": ([TRAIL, BUCKET], PATH),
        "incomplete": ([TRAIL, BUCKET, changed(BLOCK, {"ignorePublicAcls": False})], PATH),
        "ACL": ([TRAIL, changed(BUCKET, {"acl": "public-read"}), BLOCK], PATH),
        "ACL by itself": (
            [TRAIL, BUCKET, BLOCK, made("aws:s3/bucketAcl:BucketAcl", refers={"bucket": BUCKET}, acl="public-read")],
            PATH,
        ),
        "another's": ([made(TRAIL.type, s3BucketName="example-old"), BUCKET, BLOCK], PATH),
        "not set": ([made(TRAIL.type), BUCKET], PATH),
    },
    unknown={
        "which": ([made(TRAIL.type, s3BucketName=UNKNOWN), BUCKET, BLOCK], PATH),
        "of which bucket": ([TRAIL, BUCKET, made(BLOCK.type, bucket=UNKNOWN)], PATH),
        "flag": ([TRAIL, BUCKET, changed(BLOCK, {"blockPublicAcls": UNKNOWN})], PATH),
    },
    skipped={"elsewhere": [ELSEWHERE]},
    parameters={"buckets": ["example-archive"]},
)
LOGS = made("aws:s3/bucketLogging:BucketLogging", refers={"bucket": BUCKET}, targetBucket="example-logs")
LOGGED = Cases(
    rule="trail-bucket-logs-access",
    good={
        "logged": [TRAIL, BUCKET, LOGS],
        "bucket's own": [TRAIL, changed(BUCKET, {"logging": {"targetBucket": "example-logs"}})],
    },
    bad={
        "not": ([TRAIL, BUCKET], PATH),
        "without target": ([TRAIL, BUCKET, changed(LOGS, {"targetBucket": ""})], PATH),
    },
    unknown={
        "which": ([made(TRAIL.type, s3BucketName=UNKNOWN), BUCKET], PATH),
        "of which bucket": ([TRAIL, BUCKET, made(LOGS.type, bucket=UNKNOWN)], PATH),
    },
    skipped={"elsewhere": [ELSEWHERE]},
    parameters={"buckets": ["example-archive"]},
)

CASES: list[Cases] = [SIGNED, ON, DANGLING, MAIL, NOT_PUBLIC, LOGGED]
