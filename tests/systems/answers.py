"""What fake deployers of the system's tests have to answer so that a whole stack can be made."""

from __future__ import annotations

from typing import Any

from plumbline.graph import Resource


def proofs(resource: Resource) -> dict[str, Any]:
    """Return what ACM wants to see in DNS for each domain of a certificate; nothing for other resources."""
    if resource.type != "aws:acm/certificate:Certificate":
        return {}
    domains = [resource.inputs["domainName"], *(resource.inputs.get("subjectAlternativeNames") or [])]
    options = [
        {"domainName": domain, "resourceRecordName": f"_proof.{domain}", "resourceRecordValue": f"proof of {domain}"}
        for domain in domains
    ]
    return {"domainValidationOptions": options}
