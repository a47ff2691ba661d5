"""Certificates of ACM: keys that are long enough, for the names that are meant."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import PASS, Outcome, View, all_of, check_word, fail, rule, unknown

CERTIFICATE = "aws:acm/certificate:Certificate"
_GUIDE = "https://docs.aws.amazon.com/acm/latest/userguide"
_LONG = ("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


@rule(
    "EN-070",
    "certificate-key-long-enough",
    pack="encryption",
    types=(CERTIFICATE,),
    severity="high",
    rationale="An RSA key of less than 2048 bits can be broken within the certificate's life.",
    url=f"{_GUIDE}/acm-certificate-characteristics.html",
    remediation='Leave key_algorithm out, or set "RSA_2048" or more or one of the elliptic curves.',
    controls=("ACM.2",),
)
def key(view: View) -> Outcome:
    """ACM makes RSA_2048 keys by default; what an imported certificate has is known after the import."""
    expected = "RSA_2048 or more, or an elliptic curve"
    if view.get("keyAlgorithm") is None and view.is_set("certificateBody"):
        return unknown("keyAlgorithm", expected)
    return check_word(view, "keyAlgorithm", _LONG, default=_LONG[0], known=("RSA_1024",))


@rule(
    "EN-071",
    "certificate-without-wildcard",
    pack="encryption",
    types=(CERTIFICATE,),
    severity="high",
    rationale="Whoever gets the key of a wildcard's certificate can stand in for every host of the domain.",
    url=f"{_GUIDE}/acm-bestpractices.html",
    remediation="Name each host in domain_name and subject_alternative_names.",
    controls=("CKV2_AWS_71",),
    parameters={"wildcards": []},
)
def wildcard(view: View) -> Outcome:
    """The parameter `wildcards` lists the names that are allowed all the same, such as *.example.com."""
    outcomes = [_name(view, "domainName", view.get("domainName"))]
    others = view.items("subjectAlternativeNames")
    if others is None:
        outcomes.append(unknown("subjectAlternativeNames", "names of hosts"))
    else:
        outcomes += [_name(view, f"subjectAlternativeNames.{number}", name) for number, name in enumerate(others)]
    return all_of(outcomes)


def _name(view: View, path: str, name: object) -> Outcome:
    if name is UNKNOWN:
        return unknown(path, "the name of a host")
    if isinstance(name, str) and "*" in name and name not in view.parameters["wildcards"]:
        return fail(path, "a wildcard", "the name of a host")
    return PASS
