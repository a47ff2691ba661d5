"""DNS: names that lead to something of the system, in zones that sign them."""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatchcase

from plumbline.graph import UNKNOWN
from policies.rules.encryption.keys import places
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_word,
    fail,
    kind_of,
    rule,
    unknown,
)

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"
_SIGNING = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
_KEY = "aws:route53/keySigningKey:KeySigningKey"
_GUIDE = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide"


@rule(
    "OP-090",
    "zone-is-signed",
    pack="operations",
    types=(ZONE,),
    severity="medium",
    level="open",
    scope="stack",
    rationale="Resolvers believe whoever answers first unless a zone signs what it says.",
    url=f"{_GUIDE}/dns-configuring-dnssec.html",
    remediation="Add aws.route53.KeySigningKey and aws.route53.HostedZoneDnsSec for the zone.",
    controls=("CKV2_AWS_38",),
    criteria=("TRADING-18.6",),
)
def signed(view: View) -> Outcome:
    """A private zone answers inside its VPCs only, and cannot be signed."""
    private = view.get("vpcs")
    if private is not UNKNOWN and view.is_set("vpcs"):
        return NOT_APPLICABLE
    signing, uncertain = view.referrers(_SIGNING, "hostedZoneId")
    keys, maybe_keys = view.referrers(_KEY, "hostedZoneId")
    outcomes = []
    for found, maybe, what in ((signing, uncertain, "DNSSEC"), (keys, maybe_keys, "a key that signs")):
        if found:
            outcomes.append(PASS)
        else:
            outcomes.append(unknown("", what) if maybe else fail("", f"without {what}", what))
    return all_of(outcomes)


@rule(
    "OP-091",
    "zone-signing-is-on",
    pack="operations",
    types=(_SIGNING, _KEY),
    severity="medium",
    level="open",
    rationale="Signing that is switched off while the parent still names the key makes the domain fail everywhere.",
    url=f"{_GUIDE}/dns-configuring-dnssec.html",
    remediation='Leave signing_status "SIGNING", and the status of the key "ACTIVE".',
    controls=("CKV2_AWS_38",),
    criteria=("TRADING-18.6",),
)
def signing(view: View) -> Outcome:
    if view.type == _KEY:
        return check_word(view, "status", ("ACTIVE",), default="ACTIVE", known=("INACTIVE",))
    return check_word(view, "signingStatus", ("SIGNING",), default="SIGNING", known=("NOT_SIGNING",))


# Names that anybody can take once the resource behind them is gone.
_TAKEABLE = re.compile(
    r".+\.(s3[.-].*amazonaws\.com|cloudfront\.net|elb\.amazonaws\.com|elb\.[a-z0-9-]+\.amazonaws\.com"
    r"|elasticbeanstalk\.com|execute-api\..+\.amazonaws\.com|awsapprunner\.com|amplifyapp\.com"
    r"|awsglobalaccelerator\.com|compute(-1)?\.amazonaws\.com)\.?",
    re.IGNORECASE,
)
_ADDRESSES = ("A", "AAAA")


@rule(
    "OP-092",
    "record-leads-to-own-resource",
    pack="operations",
    types=(RECORD,),
    severity="medium",
    scope="stack",
    rationale="A name that points at an address or a host given back to AWS belongs to whoever gets that next.",
    url=f"{_GUIDE}/protection-from-dangling-dns.html",
    remediation="Take the resource's output in the record; name others in `targets` of the rule's parameters.",
    controls=("CKV2_AWS_23", "route53_dangling_ip_subdomain_takeover"),
    parameters={"targets": []},
)
def dangling(view: View) -> Outcome:
    """`targets` are patterns of addresses and hosts outside of the stack. Private addresses are nobody else's."""
    kind = view.get("type")
    expected = "a resource of the stack"
    aliases = places(view, "aliases")
    rows = view.items("records")
    if aliases is None or rows is None:
        path = "aliases" if aliases is None else "records"
        return PASS if view.resource.property_dependencies.get(path) else unknown(path, expected)
    if kind is not UNKNOWN and str(kind).upper() not in (*_ADDRESSES, "CNAME"):
        return NOT_APPLICABLE
    outcomes = [_target(view, f"{path}.name", "aliases", alias=True) for path in aliases]
    single = not isinstance(view.get("records"), list)
    outcomes += [
        _target(view, "records" if single else f"records.{number}", "records", alias=False)
        for number in range(len(rows))
    ]
    if not outcomes:
        return fail("records", "no target", expected)
    return all_of(outcomes)


def _target(view: View, path: str, top: str, *, alias: bool) -> Outcome:
    value, expected = view.get(path), "a resource of the stack"
    if value is UNKNOWN:
        return PASS if view.resource.property_dependencies.get(top) else unknown(path, expected)
    if not isinstance(value, str) or not value:
        return fail(path, kind_of(value), expected)
    name = value.lower().rstrip(".")
    if any(fnmatchcase(name, str(pattern).lower()) for pattern in view.parameters["targets"]):
        return PASS
    if _held(view, name):
        return PASS
    if alias:
        return fail(path, "a fixed host", expected)
    if _public(name):
        return fail(path, "a fixed address", expected)
    return fail(path, "a host that can be taken over", expected) if _TAKEABLE.fullmatch(name) else PASS


def _held(view: View, name: str) -> bool:
    """Say whether another record has a name, or a resource of the stack gave it out as an output."""
    for other in view.stack.graph:
        if other.urn != view.resource.urn:
            values = [other.inputs.get("name")] if other.type == RECORD else other.outputs.values()
            if any(isinstance(value, str) and value.lower().rstrip(".") == name for value in values):
                return True
    return False


def _public(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False
