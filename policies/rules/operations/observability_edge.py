"""What stands at the edge: access logs of distributions, firewalls, load balancers and zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from plumbline.graph import UNKNOWN
from policies.rules.documents import decoded, lowered
from policies.rules.encryption.keys import places
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_true,
    check_word,
    fail,
    is_true,
    rule,
    unknown,
)
from policies.rules.operations.observability_delivery import BUCKET, FIREHOSE, LOG_GROUP, delivers

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
DELIVERY = "aws:cloudwatch/logDelivery:LogDelivery"
DESTINATION = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
ACL = "aws:wafv2/webAcl:WebAcl"
ACL_LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
RULE_GROUP = "aws:wafv2/ruleGroup:RuleGroup"
ZONE = "aws:route53/zone:Zone"
QUERY_LOG = "aws:route53/queryLog:QueryLog"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
CLASSIC = "aws:elb/loadBalancer:LoadBalancer"
CERTIFICATE = "aws:acm/certificate:Certificate"
_WAF = "https://docs.aws.amazon.com/waf/latest/developerguide"


@rule(
    "OP-210",
    "distribution-logs-access",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="medium",
    scope="stack",
    rationale="What the edge answers from its cache reaches no other log.",
    url="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html",
    remediation="Add LogDeliverySource, LogDeliveryDestination and LogDelivery for it, or set logging_config.",
    controls=(
        *("CloudFront.5", "CKV_AWS_86", "AwsSolutions-CFR3"),
        "aws-cloudfront-distribution-enable-access-logging",
    ),
    criteria=("TRADING-10.7",),
)
def distributions(view: View) -> Outcome:
    """Either the distribution names a bucket, or a source of its logs is joined to a destination."""
    expected = "access logs that are delivered"
    if view.is_set("loggingConfig.bucket"):
        return PASS
    sources, uncertain = view.referrers(SOURCE, "resourceArn")
    for source in sources:
        deliveries, perhaps = source.referrers(DELIVERY, "deliverySourceName")
        if any(each.is_set("deliveryDestinationArn") for each in deliveries):
            return PASS
        uncertain = uncertain or perhaps
    if uncertain:
        return unknown("loggingConfig", expected)
    return fail("loggingConfig", "a source without a delivery" if sources else "not set", expected)


@rule(
    "OP-248",
    "log-delivery-has-destination",
    pack="operations",
    types=(DESTINATION,),
    severity="medium",
    rationale="A delivery needs something at its other end that takes logs.",
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html",
    remediation="Set destination_resource_arn to the ARN of a bucket, a log group or a Firehose stream.",
    controls=("CloudFront.5",),
    criteria=("TRADING-10.7",),
)
def destination(view: View) -> Outcome:
    """Traces go to X-Ray, which has no ARN."""
    kind = view.get("deliveryDestinationType")
    if isinstance(kind, str) and kind.upper() == "XRAY":
        return NOT_APPLICABLE
    path = "deliveryDestinationConfiguration.destinationResourceArn"
    return delivers(view, path, [BUCKET, LOG_GROUP, FIREHOSE], "the ARN of a bucket, a log group or a stream")


@rule(
    "OP-216",
    "web-acl-logs-requests",
    pack="operations",
    types=(ACL, ACL_LOGGING),
    severity="low",
    scope="stack",
    rationale="Which rule blocked whom, and which let an attack through, is told by the firewall's log alone.",
    url=f"{_WAF}/logging.html",
    remediation="Add aws.wafv2.WebAclLoggingConfiguration for the ACL, to a destination named aws-waf-logs-...",
    controls=("WAF.11", "CKV2_AWS_31"),
)
def acl_logs(view: View) -> Outcome:
    if view.type == ACL_LOGGING:
        return _acl_logging(view)
    loggings, uncertain = view.referrers(ACL_LOGGING, "resourceArn")
    if loggings:
        return PASS
    expected = "a logging configuration"
    return unknown("", expected) if uncertain else fail("", "no logging configuration", expected)


def _acl_logging(view: View) -> Outcome:
    expected = "a log group, a bucket or a stream"
    targets = places(view, "logDestinationConfigs")
    outcomes = [fail("logDestinationConfigs", "not set", expected)] if targets == [] else []
    outcomes += [delivers(view, path, [LOG_GROUP, BUCKET, FIREHOSE], expected) for path in targets or ()]
    if targets is None:
        outcomes.append(delivers(view, "logDestinationConfigs", [LOG_GROUP, BUCKET, FIREHOSE], expected))
    return all_of([*outcomes, _kept(view)])


def _kept(view: View) -> Outcome:
    """Judge that a filter, where there is one, keeps some requests."""
    path, expected = "loggingFilter.defaultBehavior", "filters that keep some requests"
    behaviour, filters = view.get(path), places(view, "loggingFilter.filters")
    if behaviour is not UNKNOWN and str(behaviour).upper() != "DROP":
        return PASS
    kept = [view.get(f"{each}.behavior") for each in filters or ()]
    if any(isinstance(each, str) and each.upper() == "KEEP" for each in kept):
        return PASS
    uncertain = behaviour is UNKNOWN or filters is None or any(each is UNKNOWN for each in kept)
    return unknown(path, expected) if uncertain else fail(path, "DROP", expected)


@rule(
    "OP-247",
    "web-acl-logs-without-credentials",
    pack="operations",
    types=(ACL_LOGGING,),
    severity="medium",
    rationale="The firewall logs each request's headers: whoever reads the log could act as the callers.",
    url=f"{_WAF}/logging-management-configure.html",
    remediation="Add redacted_fields with a single_header for authorization and for cookie.",
    controls=("WAF.11",),
    parameters={"headers": ["authorization", "cookie"]},
)
def redacted(view: View) -> Outcome:
    wanted = [str(each).lower() for each in view.parameters["headers"]]
    expected = f"redacted headers: {', '.join(wanted)}"
    fields = places(view, "redactedFields")
    names = [view.get(f"{path}.singleHeader.name") for path in fields or ()]
    found = {name.lower() for name in names if isinstance(name, str)}
    missing = [each for each in wanted if each not in found]
    if not missing:
        return PASS
    if fields is None or any(name is UNKNOWN for name in names):
        return unknown("redactedFields", expected)
    return fail("redactedFields", f"no {', '.join(missing)}", expected)


@rule(
    "OP-217",
    "web-acl-rules-have-metrics",
    pack="operations",
    types=(ACL, RULE_GROUP),
    severity="medium",
    rationale="A rule without a metric can block everybody, or nobody, and no alarm will tell.",
    url=f"{_WAF}/waf-metrics.html",
    remediation="Set cloudwatch_metrics_enabled=True in the visibility_config of the ACL and of each of its rules.",
    controls=("WAF.12",),
)
def acl_metrics(view: View) -> Outcome:
    flag = "visibilityConfig.cloudwatchMetricsEnabled"
    rules = places(view, "rules")
    outcomes = [check_true(view, flag), *(check_true(view, f"{path}.{flag}") for path in rules or ())]
    if rules is None:
        outcomes.append(unknown("rules", "a metric for each rule"))
    return all_of([*outcomes, *_written(view)])


def _written(view: View) -> Iterator[Outcome]:
    """Judge rules that are written as JSON."""
    for path in ("ruleJson", "rulesJson"):
        text = view.get(path)
        if text is UNKNOWN:
            yield unknown(path, "a metric for each rule")
        if not isinstance(text, str) or not text:
            continue
        rows = decoded(text, [None])
        for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
            shown = lowered(row).get("visibilityconfig") if isinstance(row, Mapping) else None
            enabled = isinstance(shown, Mapping) and is_true(lowered(shown).get("cloudwatchmetricsenabled"))
            yield PASS if enabled else fail(f"{path}[{number}].VisibilityConfig", "no metric", "a metric for each rule")


@rule(
    "OP-218",
    "public-zone-logs-queries",
    pack="operations",
    types=(ZONE,),
    severity="medium",
    level="open",
    scope="stack",
    rationale="Probing for names and wrong answers show in the log of queries only.",
    url="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html",
    remediation="Add aws.route53.QueryLog for the zone, with a log group in us-east-1 that Route 53 may write to.",
    controls=("Route53.2", "CKV2_AWS_39"),
)
def queries(view: View) -> Outcome:
    """Private zones answer their networks only, which another log is for."""
    if view.is_set("vpcs"):
        return NOT_APPLICABLE
    logs, uncertain = view.referrers(QUERY_LOG, "zoneId")
    expected = "a log of queries"
    if logs:
        return all_of(
            delivers(log, "cloudwatchLogGroupArn", [LOG_GROUP], "the ARN of a log group in us-east-1") for log in logs
        )
    return unknown("", expected) if uncertain else fail("", "no log of queries", expected)


@rule(
    "OP-219",
    "certificate-is-in-public-logs",
    pack="operations",
    types=(CERTIFICATE,),
    severity="low",
    rationale="Browsers refuse certificates that no public log has, and the logs show who else got one for the name.",
    url="https://docs.aws.amazon.com/acm/latest/userguide/acm-concepts.html",
    remediation='Leave certificate_transparency_logging_preference out of options, or set it to "ENABLED".',
    controls=("CKV_AWS_234",),
)
def transparency(view: View) -> Outcome:
    """Imported and private certificates are logged by their own authority, or not at all."""
    if any(view.is_set(path) for path in ("certificateBody", "privateKey", "certificateAuthorityArn")):
        return NOT_APPLICABLE
    path = "options.certificateTransparencyLoggingPreference"
    return check_word(view, path, ("ENABLED",), default="ENABLED", known=("DISABLED",))


@rule(
    "OP-232",
    "load-balancer-logs-access",
    pack="operations",
    types=(BALANCER, CLASSIC),
    severity="medium",
    rationale="The addresses of clients, and the requests that no target answered, are in the balancer's log only.",
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    remediation="Set access_logs with enabled=True and the bucket for access logs.",
    controls=(
        *("ELB.5", "CKV_AWS_91", "AwsSolutions-ELB2", "elb-logging-enabled"),
        "aws-lb-loadbalancer-enable-access-logging",
    ),
)
def balancers(view: View) -> Outcome:
    """Gateway load balancers pass packets on and have no access log."""
    kind = view.get("loadBalancerType")
    if view.type == BALANCER and isinstance(kind, str) and kind.lower() == "gateway":
        return NOT_APPLICABLE
    # A classic one logs as soon as it has a bucket; the others must be told.
    on = check_true(view, "accessLogs.enabled", default=view.type == CLASSIC)
    return all_of([on, delivers(view, "accessLogs.bucket", [BUCKET], "a bucket", named=True)])
