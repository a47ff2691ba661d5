"""A domain of one's own for a regional REST API (TRADING-07.8a, 07.8b)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.dns import AliasTarget

# TLS 1.2 and 1.3. The newer policies ask for endpoint access modes, whose checks refuse some of today's callers
# (API Gateway, "Choose a security policy for your custom domain").
_SECURITY_POLICY = "TLS_1_2"


@dataclass(frozen=True, kw_only=True)
class ApiDomainArgs:
    """The domain, and the stage that answers all of its paths.

    `certificate_arn` is of a validated ACM certificate for the domain, in the API's region. `stage` belongs to an API
    that is served already.
    """

    domain: str
    certificate_arn: pulumi.Input[str]
    stage: aws.apigateway.Stage


class ApiDomain(pulumi.ComponentResource):
    """A regional custom domain, reached over IPv4 and IPv6. `url` has no slash at its end, `target` is for DNS records.

    Callers leave the stage's name out of their paths.
    """

    def __init__(self, name: str, args: ApiDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:ApiDomain", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.apigateway.DomainName(
            f"{name}-domain",
            domain_name=args.domain,
            endpoint_configuration={"types": "REGIONAL", "ip_address_type": "dualstack"},
            regional_certificate_arn=args.certificate_arn,
            security_policy=_SECURITY_POLICY,
            opts=child,
        )
        self.mapping = aws.apigateway.BasePathMapping(
            f"{name}-mapping",
            domain_name=self.resource.domain_name,
            rest_api=args.stage.rest_api,
            stage_name=args.stage.stage_name,
            opts=child,
        )
        # Whoever is told the address finds the API behind it.
        self.url = self.mapping.domain_name.apply(lambda domain: f"https://{domain}")
        self.target = AliasTarget(
            name=self.resource.regional_domain_name, zone_id=self.resource.regional_zone_id, evaluate_health=True
        )
        self.register_outputs({"url": self.url})
