"""Load balancers: listeners take TLS, or send viewers to where it is."""

from __future__ import annotations

import re

from plumbline.graph import UNKNOWN
from policies.rules.encryption.keys import places
from policies.rules.model import NOT_APPLICABLE, Outcome, View, all_of, check, check_word, fail, rule, unknown

LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
_GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest"
_SECURE = ("HTTPS", "TLS", "QUIC")
# Policies that take TLS 1.2 with forward secrecy at least. Those with Ext in their names add older ciphers.
_MODERN = re.compile(r"ELBSecurityPolicy-(TLS13-1-3|TLS13-1-2|TLS13-1-2-Res|FS-1-2-Res)(-FIPS)?(-PQ)?-\d{4}-\d{2}")


@rule(
    "EN-051",
    "listener-encrypted-or-redirects",
    pack="encryption",
    types=(LISTENER, LISTENER_RULE),
    severity="medium",
    rationale="A listener that forwards plain HTTP or TCP lets passwords and sessions cross the network in the open.",
    url=f"{_GUIDE}/application/create-https-listener.html",
    remediation='Set protocol="HTTPS" (TLS on a network load balancer), or let listener and rules only redirect there.',
    scope="stack",
    controls=(
        "ELB.1",
        "CKV2_AWS_20",
        "alb-http-to-https-redirection",
        "ELB.18",
        "CKV_AWS_2",
        "aws-lb-listener-disallow-unencrypted-traffic",
    ),
    criteria=("CONSULTING-06.4", "MOMENTUM-3.1.3"),
)
def encrypted(view: View) -> Outcome:
    """A rule of a listener is judged like the listener's own actions. A gateway load balancer's has no protocol."""
    if view.type == LISTENER_RULE:
        listeners = [listener for listener in view.of_type(LISTENER) if view.refers_to("listenerArn", listener)]
        protocols = {_protocol(listener) for listener in listeners}
        if not protocols & {"HTTP", None}:
            return NOT_APPLICABLE
        redirects = _redirects(view, "actions")
        if redirects.word == "fail" and "HTTP" not in protocols:
            return unknown("listenerArn", "a listener with HTTPS, or redirects alone")
        return redirects
    if view.get("protocol") is None and not view.is_set("port"):
        return NOT_APPLICABLE
    protocol = _protocol(view)
    outcome = check_word(view, "protocol", _SECURE, default="HTTP", known=("HTTP", "TCP", "UDP", "TCP_UDP", "TCP_QUIC"))
    if protocol not in ("HTTP", None):
        return outcome
    redirects = _redirects(view, "defaultActions")
    return outcome if protocol is None and redirects.word != "pass" else redirects


def _protocol(view: View) -> str | None:
    """Return a listener's protocol, None where it is not known. An application load balancer's is HTTP by default."""
    value = view.get("protocol", "HTTP")
    return None if value is UNKNOWN else str(value).upper()


def _redirects(view: View, path: str) -> Outcome:
    """Judge whether the actions lead nowhere but to HTTPS."""
    actions = places(view, path)
    if actions is None:
        return unknown(path, "a redirect to HTTPS")
    if not actions:
        return fail(path, "not set", "a redirect to HTTPS")
    known = ("forward", "fixed-response", "authenticate-cognito", "authenticate-oidc", "jwt-validation")
    outcomes = []
    for action in actions:
        kind = check_word(view, f"{action}.type", ("redirect",), known=known)
        to = check_word(view, f"{action}.redirect.protocol", ("HTTPS",), default="#{protocol}", known=("HTTP",))
        outcomes.append(to if kind.word == "pass" else kind)
    return all_of(outcomes)


@rule(
    "EN-052",
    "listener-modern-tls",
    pack="encryption",
    types=(LISTENER,),
    severity="medium",
    rationale="The policy that a listener gets by default takes TLS 1.0 and ciphers without forward secrecy.",
    url=f"{_GUIDE}/application/describe-ssl-policies.html",
    remediation='Set ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06" or a later one.',
    controls=("ELB.17", "CKV_AWS_103", "CKV2_AWS_74", "aws-lb-listener-configure-secure-tls"),
    criteria=("CONSULTING-05.5", "MOMENTUM-3.1.3"),
)
def policy(view: View) -> Outcome:
    protocol = _protocol(view)
    modern = check(
        view,
        "sslPolicy",
        lambda text: _MODERN.fullmatch(text) is not None,
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06 or later",
    )
    if protocol is None:
        certificate = view.is_set("certificateArn")
        return modern if certificate or modern.word == "pass" else unknown("protocol", "HTTPS with a modern policy")
    return modern if protocol in ("HTTPS", "TLS") else NOT_APPLICABLE
