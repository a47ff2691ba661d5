"""CloudFront: TLS between viewers, edge and origins."""

from __future__ import annotations

from policies.rules.encryption.keys import places
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_false,
    check_word,
    fail,
    is_true,
    rule,
    unknown,
)

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
VPC_ORIGIN = "aws:cloudfront/vpcOrigin:VpcOrigin"
_GUIDE = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"
_PROTOCOLS = ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021")
_CERTIFICATE = "viewerCertificate"


@rule(
    "EN-040",
    "distribution-viewers-use-https",
    pack="encryption",
    types=(DISTRIBUTION,),
    severity="medium",
    rationale="One behaviour that answers HTTP is enough to read a session's cookies on the way.",
    url=f"{_GUIDE}/using-https-viewers-to-cloudfront.html",
    remediation='Set viewer_protocol_policy="redirect-to-https" or "https-only" in every cache behaviour.',
    controls=("CloudFront.3", "CKV_AWS_34", "aws-cloudfront-distribution-disallow-unencrypted-traffic"),
    criteria=("TRADING-10.2a",),
)
def viewers(view: View) -> Outcome:
    expected = ("redirect-to-https", "https-only")
    ordered = places(view, "orderedCacheBehaviors")
    behaviours = ["defaultCacheBehavior", *(ordered or ())]
    outcomes = [check_word(view, f"{path}.viewerProtocolPolicy", expected, known=("allow-all",)) for path in behaviours]
    if ordered is None:
        outcomes.append(unknown("orderedCacheBehaviors", " or ".join(expected)))
    return all_of(outcomes)


@rule(
    "EN-041",
    "distribution-minimum-tls",
    pack="encryption",
    types=(DISTRIBUTION,),
    severity="medium",
    rationale="Older security policies still take TLS 1.0 and 1.1 and ciphers without forward secrecy.",
    url=f"{_GUIDE}/secure-connections-supported-viewer-protocols-ciphers.html",
    remediation='Set minimum_protocol_version="TLSv1.2_2021" or later; the default certificate always means TLSv1.',
    controls=("CloudFront.15", "CKV_AWS_174", "AwsSolutions-CFR4", "aws-cloudfront-distribution-configure-secure-tls"),
    criteria=("TRADING-10.2b",),
    parameters={"protocols": ["TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"]},
)
def minimum(view: View) -> Outcome:
    version = check_word(view, f"{_CERTIFICATE}.minimumProtocolVersion", view.parameters["protocols"], known=_PROTOCOLS)
    return all_of([version, check_false(view, f"{_CERTIFICATE}.cloudfrontDefaultCertificate")])


@rule(
    "EN-042",
    "distribution-has-own-certificate",
    pack="encryption",
    types=(DISTRIBUTION,),
    severity="low",
    rationale="With a certificate of its own a site has its own name, and the distribution chooses its TLS versions.",
    url=f"{_GUIDE}/cnames-and-https-procedures.html",
    remediation="Set acm_certificate_arn in viewer_certificate to a certificate in us-east-1.",
    controls=("CloudFront.7", "CKV2_AWS_42"),
    criteria=("TRADING-10.3b",),
)
def certificate(view: View) -> Outcome:
    paths = (f"{_CERTIFICATE}.acmCertificateArn", f"{_CERTIFICATE}.iamCertificateId")
    default = check_false(view, f"{_CERTIFICATE}.cloudfrontDefaultCertificate")
    named = any(view.is_set(path) for path in paths)
    return all_of([PASS if named else fail(paths[0], "not set", "a certificate"), default])


@rule(
    "EN-043",
    "distribution-uses-sni",
    pack="encryption",
    types=(DISTRIBUTION,),
    severity="low",
    rationale="Dedicated addresses cost hundreds of dollars a month, and serve clients too old for current TLS.",
    url=f"{_GUIDE}/cnames-https-dedicated-ip-or-sni.html",
    remediation='Set ssl_support_method="sni-only" in viewer_certificate.',
    controls=("CloudFront.8",),
)
def sni(view: View) -> Outcome:
    if is_true(view.get(f"{_CERTIFICATE}.cloudfrontDefaultCertificate")):
        return NOT_APPLICABLE  # CloudFront's own certificate is always served by SNI
    return check_word(view, f"{_CERTIFICATE}.sslSupportMethod", ("sni-only",), known=("vip", "static-ip"))


def _origins(view: View) -> list[str] | None:
    """Return the paths of the configurations of origins that are no buckets, None where they are not known."""
    if view.type == VPC_ORIGIN:
        return places(view, "vpcOriginEndpointConfig")
    origins = places(view, "origins")
    if origins is None:
        return None
    return [f"{path}.customOriginConfig" for path in origins if view.is_set(f"{path}.customOriginConfig")]


@rule(
    "EN-044",
    "distribution-origins-use-https",
    pack="encryption",
    types=(DISTRIBUTION, VPC_ORIGIN),
    severity="medium",
    rationale="A viewer's HTTPS ends at the edge; whether the way to the origin is encrypted is up to each origin.",
    url=f"{_GUIDE}/using-https-cloudfront-to-custom-origin.html",
    remediation='Set origin_protocol_policy="https-only" for each custom origin.',
    controls=("CloudFront.9", "CKV2_AWS_72", "aws-cloudfront-distribution-enable-tls-to-origin"),
    criteria=("TRADING-10.2a",),
)
def origins(view: View) -> Outcome:
    """Buckets are reached by the viewer's protocol, which another rule has as HTTPS."""
    found = _origins(view)
    if found is None:
        return unknown("origins", "https-only for each custom origin")
    known = ("http-only", "match-viewer")
    return all_of(check_word(view, f"{path}.originProtocolPolicy", ("https-only",), known=known) for path in found)


@rule(
    "EN-045",
    "distribution-origin-protocols",
    pack="encryption",
    types=(DISTRIBUTION, VPC_ORIGIN),
    severity="medium",
    rationale="CloudFront offers an origin every version in the list, so the oldest one decides how safe the way is.",
    url=f"{_GUIDE}/secure-connections-supported-ciphers-cloudfront-to-origin.html",
    remediation='Set origin_ssl_protocols=["TLSv1.2"] for each custom origin.',
    controls=("CloudFront.10", "CKV2_AWS_54", "AwsSolutions-CFR5"),
    criteria=("TRADING-10.2b",),
    parameters={"protocols": ["TLSv1.2"]},
)
def origin_protocols(view: View) -> Outcome:
    allowed = view.parameters["protocols"]
    expected = " or ".join(allowed)
    found = _origins(view)
    if found is None:
        return unknown("origins", expected)
    outcomes = []
    for path in found:
        # A VPC origin has its list one level deeper.
        place = f"{path}.originSslProtocols" + (".items" if view.type == VPC_ORIGIN else "")
        listed = view.items(place)
        if listed is None:
            outcomes.append(unknown(place, expected))
        elif not listed:
            outcomes.append(fail(place, "not set", expected))
        else:
            single = not isinstance(view.get(place), list)
            each = [place] if single else [f"{place}.{number}" for number in range(len(listed))]
            outcomes += [check_word(view, item, allowed, known=("SSLv3", "TLSv1", "TLSv1.1")) for item in each]
    return all_of(outcomes)
