"""Fixtures of policies/rules/encryption/load_balancers.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

REDIRECT = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
FORWARD = {"type": "forward", "targetGroupArn": UNKNOWN}
HTTPS = made(
    "aws:lb/listener:Listener",
    "https",
    port=443,
    protocol="HTTPS",
    sslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    certificateArn=UNKNOWN,
    defaultActions=[FORWARD],
)
HTTP = made("aws:lb/listener:Listener", "http", port=80, protocol="HTTP", defaultActions=[REDIRECT])
GATEWAY = made("aws:lb/listener:Listener", "gateway", defaultActions=[FORWARD])
RULE = made("aws:lb/listenerRule:ListenerRule", "rule", refers={"listenerArn": HTTP}, actions=[REDIRECT])
TO = "defaultActions.0.redirect.protocol"

CASES = [
    Cases(
        rule="listener-encrypted-or-redirects",
        good={
            "HTTPS": [HTTPS],
            "by another name of the type": [made("aws:alb/listener:Listener", protocol="https", port=443)],
            "TLS": [changed(HTTPS, {"protocol": "TLS"})],
            "redirect": [HTTP],
            "redirect, no list": [changed(HTTP, {"defaultActions": REDIRECT})],
            "by default HTTP": [changed(HTTP, {"protocol": GONE})],
            "redirect whatever the protocol": [changed(HTTP, {"protocol": UNKNOWN})],
            "rule": [RULE, HTTP],
        },
        bad={
            "HTTP": ([changed(HTTP, {"defaultActions": [FORWARD]})], ("defaultActions.0.type",)),
            "by default HTTP": (
                [changed(HTTP, {"protocol": GONE, "defaultActions": [FORWARD]})],
                ("defaultActions.0.type",),
            ),
            "lower case": (
                [changed(HTTP, {"protocol": "http", "defaultActions": [FORWARD]})],
                ("defaultActions.0.type",),
            ),
            "one of two": ([changed(HTTP, {"defaultActions": [REDIRECT, FORWARD]})], ("defaultActions.1.type",)),
            "to HTTP": ([changed(HTTP, {TO: "HTTP"})], (TO,)),
            "to the same": ([changed(HTTP, {TO: GONE})], (TO,)),
            "nothing": ([changed(HTTP, {"defaultActions": []})], ("defaultActions",)),
            "TCP": ([changed(HTTPS, {"protocol": "TCP"})], ("protocol",)),
            "UDP": ([changed(HTTPS, {"protocol": "UDP"})], ("protocol",)),
            "rule": ([changed(RULE, {"actions": [FORWARD]}), HTTP], ("actions.0.type",)),
        },
        unknown={
            "protocol": ([changed(HTTPS, {"protocol": UNKNOWN})], ("protocol",)),
            "actions": ([changed(HTTP, {"defaultActions": UNKNOWN})], ("defaultActions",)),
            "target": ([changed(HTTP, {TO: UNKNOWN})], (TO,)),
            "rule's listener": (
                [changed(RULE, {"actions": [FORWARD]}), changed(HTTP, {"protocol": UNKNOWN})],
                ("listenerArn",),
            ),
        },
        skipped={
            "gateway": [GATEWAY],
            "rule of HTTPS": [
                made(RULE.type, "rule", refers={"listenerArn": HTTPS}, actions=[FORWARD]),
                HTTPS,
                HTTP,
            ],
            "rule of another stack": [changed(RULE, {"listenerArn": "arn:aws:elasticloadbalancing:x"}), HTTPS],
        },
    ),
    Cases(
        rule="listener-modern-tls",
        good={
            "restricted": [HTTPS],
            "1.3": [changed(HTTPS, {"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"})],
            "post-quantum": [changed(HTTPS, {"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"})],
            "whatever the protocol": [changed(HTTPS, {"protocol": UNKNOWN})],
        },
        bad={
            "not set": ([changed(HTTPS, {"sslPolicy": GONE})], ("sslPolicy",)),
            "2016": ([changed(HTTPS, {"sslPolicy": "ELBSecurityPolicy-2016-08"})], ("sslPolicy",)),
            "1.0": ([changed(HTTPS, {"sslPolicy": "ELBSecurityPolicy-TLS13-1-0-2021-06"})], ("sslPolicy",)),
            "extended": ([changed(HTTPS, {"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06"})], ("sslPolicy",)),
            "TLS": ([changed(HTTPS, {"protocol": "tls", "sslPolicy": None})], ("sslPolicy",)),
            "protocol unknown": (
                [changed(HTTPS, {"protocol": UNKNOWN, "sslPolicy": "ELBSecurityPolicy-2016-08"})],
                ("sslPolicy",),
            ),
        },
        unknown={
            "policy": ([changed(HTTPS, {"sslPolicy": UNKNOWN})], ("sslPolicy",)),
            "protocol": (
                [changed(HTTPS, {"protocol": UNKNOWN, "sslPolicy": GONE, "certificateArn": GONE})],
                ("protocol",),
            ),
        },
        skipped={"HTTP": [HTTP], "gateway": [GATEWAY]},
    ),
]
