"""Mail: domains that sign what is sent in their name."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check_word, fail, rule, unknown

_IDENTITY = "aws:sesv2/emailIdentity:EmailIdentity"
_DOMAIN = "aws:ses/domainIdentity:DomainIdentity"
_DKIM = "aws:ses/domainDkim:DomainDkim"
_RECORD = "aws:route53/record:Record"
_URL = "https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html"
_ATTRIBUTES = "dkimSigningAttributes"


@rule(
    "OP-140",
    "mail-domain-signs",
    pack="operations",
    types=(_IDENTITY, _DOMAIN),
    severity="medium",
    scope="stack",
    rationale="Mail that its domain does not sign is easily forged, and lands where nobody reads it.",
    url=_URL,
    remediation="Publish the identity's DKIM tokens as aws.route53.Record of type CNAME; 2048 bits are the default.",
    controls=("ses_identity_dkim_enabled",),
)
def signs(view: View) -> Outcome:
    """An address is signed for by its domain. A key of one's own is published by hand, with its own name."""
    if view.type == _DOMAIN:
        keys, uncertain = view.referrers(_DKIM, "domain")
        if not keys:
            return unknown("", "DKIM for the domain") if uncertain else fail("", "no DKIM", "DKIM for the domain")
        return _published(keys[0], "")
    name = view.get("emailIdentity")
    if isinstance(name, str) and "@" in name:
        return NOT_APPLICABLE
    length = f"{_ATTRIBUTES}.nextSigningKeyLength"
    short = check_word(view, length, ("RSA_2048_BIT",), default="RSA_2048_BIT", known=("RSA_1024_BIT",))
    own = f"{_ATTRIBUTES}.domainSigningPrivateKey"
    if view.get(_ATTRIBUTES) is not UNKNOWN and view.is_set(own):
        return PASS
    return all_of([short if view.get(_ATTRIBUTES) is not UNKNOWN else PASS, _published(view, "")])


def _published(signer: View, path: str) -> Outcome:
    """Judge whether records of the stack name the tokens of an identity."""
    urn = signer.resource.urn
    for record in signer.of_type(_RECORD):
        leads_to = record.resource.property_dependencies
        if any(urn in leads_to.get(name, ()) for name in ("records", "name")):
            return PASS
    return fail(path, "no record with its tokens", "a CNAME record for each token")
