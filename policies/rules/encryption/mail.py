"""SES: mail leaves by TLS or not at all."""

from __future__ import annotations

from policies.rules.model import Outcome, View, check_word, rule


@rule(
    "EN-053",
    "mail-requires-tls",
    pack="encryption",
    types=("aws:ses/configurationSet:ConfigurationSet", "aws:sesv2/configurationSet:ConfigurationSet"),
    severity="medium",
    rationale="Without the setting SES falls back to clear text where a receiving server offers no TLS.",
    url="https://docs.aws.amazon.com/ses/latest/dg/security-protocols.html",
    remediation='Set delivery_options={"tls_policy": "REQUIRE"} ("Require" in the first version of the API).',
    controls=("SES.3", "CKV_AWS_365"),
)
def mail(view: View) -> Outcome:
    return check_word(view, "deliveryOptions.tlsPolicy", ("REQUIRE",), default="OPTIONAL", known=("OPTIONAL",))
