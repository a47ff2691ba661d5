"""Fixtures of policies/rules/encryption/mail.py, search.py, caches.py and certificates.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

MAIL = made("aws:ses/configurationSet:ConfigurationSet", deliveryOptions={"tlsPolicy": "Require"})
MAIL_2 = made("aws:sesv2/configurationSet:ConfigurationSet", deliveryOptions={"tlsPolicy": "REQUIRE"})
TLS_POLICY = "deliveryOptions.tlsPolicy"
SEARCH = made(
    "aws:opensearch/domain:Domain",
    domainEndpointOptions={"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
    nodeToNodeEncryption={"enabled": True},
    encryptAtRest={"enabled": True, "kmsKeyId": UNKNOWN},
)
OPTIONS = "domainEndpointOptions"
NODES = "nodeToNodeEncryption.enabled"
CACHE = made(
    "aws:elasticache/replicationGroup:ReplicationGroup",
    engine="redis",
    atRestEncryptionEnabled=True,
    transitEncryptionEnabled=True,
    transitEncryptionMode="required",
)
MEMCACHED = made("aws:elasticache/cluster:Cluster", engine="memcached", transitEncryptionEnabled=True)
AT_REST, IN_TRANSIT, MODE = "atRestEncryptionEnabled", "transitEncryptionEnabled", "transitEncryptionMode"
SITE = made(
    "aws:acm/certificate:Certificate",
    domainName="example.org",
    subjectAlternativeNames=["www.example.org"],
    validationMethod="DNS",
)
IMPORTED = made("aws:acm/certificate:Certificate", certificateBody="-----BEGIN CERTIFICATE-----", privateKey=UNKNOWN)
OTHERS = "subjectAlternativeNames"

CASES = [
    Cases(
        rule="mail-requires-tls",
        good={"first version": [MAIL], "second": [MAIL_2]},
        bad={
            "optional": ([changed(MAIL, {TLS_POLICY: "Optional"})], (TLS_POLICY,)),
            "second, optional": ([changed(MAIL_2, {TLS_POLICY: "OPTIONAL"})], (TLS_POLICY,)),
            "not set": ([changed(MAIL, {"deliveryOptions": GONE})], (TLS_POLICY,)),
            "null": ([changed(MAIL_2, {"deliveryOptions": None})], (TLS_POLICY,)),
            "another kind": ([changed(MAIL_2, {"deliveryOptions": ["REQUIRE"]})], (TLS_POLICY,)),
        },
        unknown={"policy": ([changed(MAIL, {TLS_POLICY: UNKNOWN})], (TLS_POLICY,))},
        always=True,
    ),
    Cases(
        rule="search-domain-uses-tls",
        good={
            "all": [SEARCH],
            "older policy": [changed(SEARCH, {f"{OPTIONS}.tlsSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"})],
            "Elasticsearch": [changed(made("aws:elasticsearch/domain:Domain"), dict(SEARCH.inputs))],
        },
        bad={
            "HTTP": ([changed(SEARCH, {f"{OPTIONS}.enforceHttps": False})], (f"{OPTIONS}.enforceHttps",)),
            "1.0": (
                [changed(SEARCH, {f"{OPTIONS}.tlsSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"})],
                (f"{OPTIONS}.tlsSecurityPolicy",),
            ),
            "not set": (
                [changed(SEARCH, {OPTIONS: GONE})],
                (f"{OPTIONS}.enforceHttps", f"{OPTIONS}.tlsSecurityPolicy"),
            ),
            "nodes": ([changed(SEARCH, {NODES: "false"})], (NODES,)),
            "nodes not set": ([changed(SEARCH, {"nodeToNodeEncryption": GONE})], (NODES,)),
        },
        unknown={"nodes": ([changed(SEARCH, {NODES: UNKNOWN})], (NODES,))},
        always=True,
    ),
    Cases(
        rule="search-domain-encrypted",
        parameters={"key": "customer"},
        good={"customer key": [SEARCH]},
        bad={
            "off": ([changed(SEARCH, {"encryptAtRest.enabled": False})], ("encryptAtRest.enabled",)),
            "not set": (
                [changed(SEARCH, {"encryptAtRest": GONE})],
                ("encryptAtRest.enabled", "encryptAtRest.kmsKeyId"),
            ),
            "service's key": (
                [changed(SEARCH, {"encryptAtRest.kmsKeyId": "alias/aws/es"})],
                ("encryptAtRest.kmsKeyId",),
            ),
        },
        unknown={"enabled": ([changed(SEARCH, {"encryptAtRest.enabled": UNKNOWN})], ("encryptAtRest.enabled",))},
        always=True,
    ),
    Cases(
        rule="cache-encrypted-at-rest",
        good={
            "service's key": [CACHE],
            "text": [changed(CACHE, {AT_REST: "true"})],
            "own key": [changed(CACHE, {"kmsKeyId": UNKNOWN})],
        },
        bad={
            "off": ([changed(CACHE, {AT_REST: False})], (AT_REST,)),
            "not set": ([changed(CACHE, {AT_REST: GONE})], (AT_REST,)),
            "no key": ([changed(CACHE, {"kmsKeyId": "arn:aws:s3:::test-files"})], ("kmsKeyId",)),
        },
        unknown={"enabled": ([changed(CACHE, {AT_REST: UNKNOWN})], (AT_REST,))},
        always=True,
    ),
    Cases(
        rule="cache-encrypted-in-transit",
        good={
            "required": [CACHE],
            "required by default": [changed(CACHE, {MODE: GONE})],
            "cluster": [MEMCACHED],
        },
        bad={
            "off": ([changed(CACHE, {IN_TRANSIT: False})], (IN_TRANSIT,)),
            "not set": ([changed(CACHE, {IN_TRANSIT: None})], (IN_TRANSIT,)),
            "preferred": ([changed(CACHE, {MODE: "preferred"})], (MODE,)),
            "cluster": ([changed(MEMCACHED, {IN_TRANSIT: GONE})], (IN_TRANSIT,)),
        },
        unknown={
            "enabled": ([changed(CACHE, {IN_TRANSIT: UNKNOWN})], (IN_TRANSIT,)),
            "mode": ([changed(CACHE, {MODE: UNKNOWN})], (MODE,)),
        },
        skipped={"part of a group": [made("aws:elasticache/cluster:Cluster", replicationGroupId=UNKNOWN)]},
    ),
    Cases(
        rule="certificate-key-long-enough",
        good={
            "default": [SITE],
            "curve": [changed(SITE, {"keyAlgorithm": "EC_prime256v1"})],
            "longer": [changed(SITE, {"keyAlgorithm": "RSA_4096"})],
            "imported": [changed(IMPORTED, {"keyAlgorithm": "RSA_2048"})],
        },
        bad={
            "short": ([changed(SITE, {"keyAlgorithm": "RSA_1024"})], ("keyAlgorithm",)),
            "imported short": ([changed(IMPORTED, {"keyAlgorithm": "RSA_1024"})], ("keyAlgorithm",)),
            "another": ([changed(SITE, {"keyAlgorithm": 1024})], ("keyAlgorithm",)),
        },
        unknown={
            "algorithm": ([changed(SITE, {"keyAlgorithm": UNKNOWN})], ("keyAlgorithm",)),
            "imported": ([IMPORTED], ("keyAlgorithm",)),
        },
        always=True,
    ),
    Cases(
        rule="certificate-without-wildcard",
        parameters={"wildcards": ["*.static.example.org"]},
        good={
            "hosts": [SITE],
            "one, no list": [changed(SITE, {OTHERS: "www.example.org"})],
            "allowed": [changed(SITE, {OTHERS: ["*.static.example.org"]})],
            "imported": [IMPORTED],
        },
        bad={
            "domain": ([changed(SITE, {"domainName": "*.example.org"})], ("domainName",)),
            "other name": ([changed(SITE, {OTHERS: ["www.example.org", "*.example.org"]})], (f"{OTHERS}.1",)),
            "others unknown": ([changed(SITE, {"domainName": "*.example.org", OTHERS: UNKNOWN})], ("domainName",)),
        },
        unknown={
            "domain": ([changed(SITE, {"domainName": UNKNOWN})], ("domainName",)),
            "others": ([changed(SITE, {OTHERS: UNKNOWN})], (OTHERS,)),
            "one": ([changed(SITE, {OTHERS: [UNKNOWN]})], (f"{OTHERS}.0",)),
        },
        always=True,
    ),
]
