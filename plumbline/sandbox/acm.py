"""ACM certificates in the sandbox. Public DNS does not reach it: a validation looks for the records in Route 53."""

from __future__ import annotations

from botocore.exceptions import ClientError
from moto.acm.models import acm_backends

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:acm/certificate:Certificate")
def certificate(context: Context, inputs: Inputs) -> Created:
    client = context.client("acm", inputs)
    if inputs.get("privateKey") is not None:
        arn = client.import_certificate(
            Certificate=inputs["certificateBody"].encode(),
            PrivateKey=inputs["privateKey"].encode(),
            **given(CertificateChain=(inputs.get("certificateChain") or "").encode() or None),
            **given(Tags=tag_list(inputs) or None),
        )["CertificateArn"]
        return arn, {"arn": arn}
    # moto makes RSA keys only, and validates by DNS only.
    arn = client.request_certificate(
        DomainName=inputs["domainName"],
        **given(
            ValidationMethod=inputs.get("validationMethod"),
            SubjectAlternativeNames=inputs.get("subjectAlternativeNames") or None,
            Tags=tag_list(inputs) or None,
        ),
    )["CertificateArn"]
    made = client.describe_certificate(CertificateArn=arn)["Certificate"]
    options = [
        {
            "domainName": row["DomainName"],
            "resourceRecordName": row["ResourceRecord"]["Name"],
            "resourceRecordType": row["ResourceRecord"]["Type"],
            "resourceRecordValue": row["ResourceRecord"]["Value"],
        }
        for row in sorted(made["DomainValidationOptions"], key=lambda row: row["DomainName"])
    ]
    outputs = {
        "arn": arn,
        "domainValidationOptions": options,
        "status": made["Status"],
        "type": made["Type"],
        "subjectAlternativeNames": sorted(made["SubjectAlternativeNames"]),
    }
    return arn, outputs


@adapter("aws:acm/certificateValidation:CertificateValidation")
def certificate_validation(context: Context, inputs: Inputs) -> Created:
    arn = inputs["certificateArn"]
    client = context.client("acm", inputs)
    made = client.describe_certificate(CertificateArn=arn)["Certificate"]
    wanted = {_plain(row["ResourceRecord"]["Name"]) for row in made["DomainValidationOptions"]}
    there = wanted & _records(context)
    if there != wanted:
        missing = ", ".join(sorted(wanted - there))
        error = {"Code": "PENDING_VALIDATION", "Message": f"no zone has the records {missing}"}
        raise ClientError({"Error": error}, "DescribeCertificate")
    # moto issues a certificate after a minute, whatever the records.
    acm_backends[context.account_id][client.meta.region_name].get_certificate(arn).status = "ISSUED"
    return arn, {}


def _records(context: Context) -> set[str]:
    """Return the names of all CNAME records of the account."""
    client = context.client("route53")
    return {
        _plain(record["Name"])
        for zone in client.list_hosted_zones()["HostedZones"]
        for page in client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
        for record in page["ResourceRecordSets"]
        if record["Type"] == "CNAME"
    }


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()
