"""OpenSearch and Elasticsearch domains: HTTPS only, encrypted between nodes and at rest."""

from __future__ import annotations

from policies.rules.encryption.keys import AWS_KEY, asked_key
from policies.rules.model import Outcome, View, all_of, check_true, check_word, rule

_TYPES = ("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain")
_GUIDE = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide"
_OLD = ("Policy-Min-TLS-1-0-2019-07", "Policy-Min-TLS-1-2-2019-07")


@rule(
    "EN-054",
    "search-domain-uses-tls",
    pack="encryption",
    types=_TYPES,
    severity="medium",
    rationale="A domain answers HTTP, and nodes send each other documents in the clear, unless both are switched off.",
    url=f"{_GUIDE}/infrastructure-security.html",
    remediation="Set enforce_https and a TLS policy in domain_endpoint_options, and node_to_node_encryption enabled.",
    parameters={"policies": ["Policy-Min-TLS-1-2-2019-07", "Policy-Min-TLS-1-2-PFS-2023-10"]},
)
def transport(view: View) -> Outcome:
    options = "domainEndpointOptions"
    return all_of(
        [
            check_true(view, f"{options}.enforceHttps"),
            check_word(view, f"{options}.tlsSecurityPolicy", view.parameters["policies"], default=_OLD[0], known=_OLD),
            check_true(view, "nodeToNodeEncryption.enabled"),
        ]
    )


@rule(
    "EN-055",
    "search-domain-encrypted",
    pack="encryption",
    types=_TYPES,
    severity="medium",
    rationale="Indexes, logs and snapshots of a domain are written to disk as they are unless encryption is on.",
    url=f"{_GUIDE}/encryption-at-rest.html",
    remediation="Set encrypt_at_rest enabled, with kms_key_id where a customer key is asked for.",
    parameters=AWS_KEY,
)
def at_rest(view: View) -> Outcome:
    return all_of([check_true(view, "encryptAtRest.enabled"), asked_key(view, "encryptAtRest.kmsKeyId")])
