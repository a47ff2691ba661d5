"""Certificates of AWS Certificate Manager, validated by DNS (requirement 19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_RECORD_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class CertificateSpec:
    """One certificate for `domain` and its `alternatives`, all of them in one hosted zone.

    `region` is where it is used: us-east-1 for CloudFront (TRADING-19.4), that of the API for a regional API (19.5).
    """

    domain: str
    alternatives: Sequence[str] = ()
    region: str

    def domains(self) -> tuple[str, ...]:
        """Return the domains that are validated: a wildcard has the record of the domain that it stands below."""
        return tuple(dict.fromkeys(name.removeprefix("*.") for name in (self.domain, *self.alternatives)))


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    """The certificates of one stack, by logical name, and the hosted zone that proves whose the domains are."""

    zone_id: pulumi.Input[str]
    certificates: Mapping[str, CertificateSpec]


class Certificates(pulumi.ComponentResource):
    """Certificates with the DNS records that validate and renew them.

    `arns` holds, by logical name, what others refer to: each becomes known once ACM has issued the certificate.
    """

    def __init__(self, name: str, args: CertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Certificates", name, None, opts)
        self._prefix = name
        self._zone_id = args.zone_id
        self._child = pulumi.ResourceOptions(parent=self)
        # ACM proves a domain once per account: its certificates in all regions share one record.
        self._records: dict[str, aws.route53.Record] = {}
        self.arns: Mapping[str, pulumi.Output[str]] = {
            certificate: self._certificate(certificate, spec) for certificate, spec in args.certificates.items()
        }
        self.register_outputs({"arns": self.arns})

    def _certificate(self, certificate: str, spec: CertificateSpec) -> pulumi.Output[str]:
        resource = aws.acm.Certificate(
            f"{self._prefix}-{certificate}",
            domain_name=spec.domain,
            subject_alternative_names=list(spec.alternatives) or None,
            validation_method="DNS",
            region=spec.region,
            opts=self._child,
        )
        for domain in spec.domains():
            if domain not in self._records:
                self._records[domain] = self._record(domain, resource)
        validation = aws.acm.CertificateValidation(
            f"{self._prefix}-{certificate}-validation",
            certificate_arn=resource.arn,
            validation_record_fqdns=[self._records[domain].fqdn for domain in spec.domains()],
            region=spec.region,
            opts=self._child,
        )
        return validation.certificate_arn

    def _record(self, domain: str, certificate: aws.acm.Certificate) -> aws.route53.Record:
        option = certificate.domain_validation_options.apply(lambda options: _option(domain, options))
        return aws.route53.Record(
            f"{self._prefix}-{domain}",
            zone_id=self._zone_id,
            name=option.apply(lambda row: row.resource_record_name or ""),
            type="CNAME",
            ttl=_RECORD_SECONDS,
            records=[option.apply(lambda row: row.resource_record_value or "")],
            opts=self._child,
        )


def _option(
    domain: str, options: Sequence[aws.acm.outputs.CertificateDomainValidationOption]
) -> aws.acm.outputs.CertificateDomainValidationOption:
    """Return what ACM wants for a domain. ACM lists the domains of a certificate in no order."""
    return next(row for row in options if (row.domain_name or "").removeprefix("*.") == domain)
