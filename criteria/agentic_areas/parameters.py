"""Where credentials are: in Parameter Store, encrypted, and not in the repository (03.1, 03.3, 03.5)."""

from __future__ import annotations

import re

from criteria.agentic_areas.common import absent, facts, without_credentials
from criteria.agentic_areas.files import below
from criteria.common.lookups import FUNCTION, KEY, Word, follow
from plumbline.graph import UNKNOWN, Resource, Secret, walk
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

PARAMETER = "aws:ssm/parameter:Parameter"
_AWS_KEYS = ("", "alias/aws/ssm")
_SECRET = "aws:secretsmanager/secret:Secret"


@criterion("AGENTIC-03.1")
def in_parameter_store(subject: Subject) -> Verdict:
    """Each credential of the application is a parameter of the environment, and none is a variable of a function."""
    findings = []
    for name in facts()["parameters"]:
        path = f"/{facts()['application']}/{subject.environment}/{name}"
        found = subject.graph.named(PARAMETER, "name", path)
        if found is None:
            return absent(subject, PARAMETER, path)
        findings.append(claim(found, "tier", lambda tier: tier == "Standard", default="Standard"))
        findings.append(claim(found, "type", lambda kind: kind == "SecureString"))
    elsewhere = subject.graph.of_type(_SECRET)
    if elsewhere:
        return Verdict("fail", f"{elsewhere[0].display} is a secret elsewhere", elsewhere[0].urn)
    for row in subject.graph.of_type(FUNCTION):
        findings.append(without_credentials(row))
    return combine(findings, "parameters and functions", "keep credentials in Parameter Store alone")


@criterion("AGENTIC-03.3")
def not_committed(subject: Subject) -> Verdict:
    """No file of the system looks like a credential, and the program has none: an operator puts the values in."""
    forms = [re.compile(form) for form in facts()["credential_forms"]]
    looked = 0
    for place in facts()["committed"]:
        for path, text in below(subject, place):
            looked += 1
            if any(form.search(text) for form in forms):
                return Verdict("fail", f"{path} holds what looks like a credential")
    findings = []
    for row in subject.graph.of_type(PARAMETER):
        findings.append(_placeholder(row))
        findings.append(Finding(row, "", "pass" if "value" in row.options.ignore_changes else "fail"))
    for row in subject.graph.of_type(FUNCTION):
        findings.append(Finding(row, "environment", _is_clean(row, forms)))
    return combine(findings, f"files looked at ({looked}), parameters and functions", "hold no credential")


def _placeholder(parameter: Resource) -> Finding:
    """Say whether the program gives a parameter the placeholder, where that is to be seen.

    Documents of the engine hide it, and in a state it is the operator's by then: files and option decide alone there.
    """
    value = parameter.inputs.get("value")
    if isinstance(value, Secret) and value.value is None:
        return Finding(parameter, "value", "pass")
    return claim(parameter, "value", lambda value: value == facts()["placeholder"], default="")


def _is_clean(row: Resource, forms: list[re.Pattern[str]]) -> Word:
    known = [leaf for _, leaf in walk(row.get("environment", {})) if isinstance(leaf, str)]
    # What is not known yet is the name of another resource.
    return "fail" if any(form.search(leaf) for form in forms for leaf in known) else "pass"


@criterion("AGENTIC-03.5")
def encryption(subject: Subject) -> Verdict:
    """Every parameter is a SecureString, under AWS's own key, which is free, or one of the stack."""
    findings = []
    for row in subject.graph.of_type(PARAMETER):
        findings.append(claim(row, "type", lambda kind: kind == "SecureString"))
        key = row.get("keyId", "")
        word: Word = "pass" if key in _AWS_KEYS else "unknown" if key is UNKNOWN else "fail"
        if word != "pass" and follow(subject.graph, row, "keyId", KEY).to:
            word = "pass"
        findings.append(Finding(row, "keyId", word))
    return combine(findings, "parameters", "are encrypted by KMS")
