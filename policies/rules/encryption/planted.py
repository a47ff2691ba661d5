"""Credentials and weak connections in places that are easily overlooked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from plumbline.graph import UNKNOWN, path_text, walk
from policies.rules.encryption.credentials import form_of, setting
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check_false, check_word, fail, rule

# Settings by name, and texts, in which people leave credentials. Functions, tasks and builds have rules of their own.
_NAMED: Mapping[str, tuple[str, ...]] = {
    "aws:apigateway/stage:Stage": ("variables",),
    "aws:apigatewayv2/stage:Stage": ("stageVariables",),
    "aws:glue/job:Job": ("defaultArguments",),
    "aws:amplify/app:App": ("environmentVariables",),
    "aws:amplify/branch:Branch": ("environmentVariables",),
}
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "aws:apigateway/integration:Integration": ("requestParameters", "requestTemplates", "uri"),
    "aws:cloudfront/distribution:Distribution": ("origins",),
    "aws:cloudfront/function:Function": ("code",),
    "aws:cloudwatch/eventTarget:EventTarget": ("input", "inputTransformer", "httpTarget"),
    "aws:cloudwatch/dashboard:Dashboard": ("dashboardBody",),
    "aws:ec2/instance:Instance": ("userData", "userDataBase64"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("userData",),
    "aws:iam/role:Role": ("description",),
    "aws:lambda/function:Function": ("description", "handler"),
    "aws:scheduler/schedule:Schedule": ("target",),
    "aws:sfn/stateMachine:StateMachine": ("definition",),
    "aws:sns/topicSubscription:TopicSubscription": ("endpoint",),
}


@rule(
    "EN-200",
    "configuration-without-credentials",
    pack="encryption",
    types=(*_NAMED, *_TEXTS),
    severity="critical",
    scope="stack",
    rationale="Whoever may look at a resource's settings reads what stands there, and the state keeps it.",
    url="https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
    remediation="Keep the value in Secrets Manager, and give the resource the secret's ARN.",
    criteria=("TRADING-09.1", "TRADING-09.3"),
)
def planted(view: View) -> Outcome:
    return all_of([*_settings(view), *_forms(view)])


def _settings(view: View) -> Iterator[Outcome]:
    for path in _NAMED.get(view.type, ()):
        given = view.get(path)
        if isinstance(given, Mapping):
            yield from (setting(view, f"{path}.{name}", str(name), value) for name, value in given.items())


def _forms(view: View) -> Iterator[Outcome]:
    """Judge texts by the forms of credentials alone: their names say nothing."""
    for path in _TEXTS.get(view.type, ()):
        for place, value in walk(view.get(path), (path,)):
            found = form_of(value) if isinstance(value, str) else ""
            expected = "the ARN or the name of a secret, which the code reads"
            yield fail(path_text(place), found, expected) if found else PASS


@rule(
    "EN-201",
    "stream-encrypted",
    pack="encryption",
    types=("aws:kinesis/stream:Stream", "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"),
    severity="medium",
    rationale="Records in a stream are copies of what is encrypted where it comes from and where it goes.",
    url="https://docs.aws.amazon.com/streams/latest/dev/what-is-sse.html",
    remediation='Set encryption_type="KMS" with a key; for Firehose server_side_encryption.enabled=True.',
)
def stream(view: View) -> Outcome:
    """A delivery stream that reads from a stream is encrypted by that."""
    if view.type == "aws:kinesis/stream:Stream":
        return check_word(view, "encryptionType", ["KMS"], default="NONE", known=["NONE"])
    if view.is_set("kinesisSourceConfiguration") or view.is_set("mskSourceConfiguration"):
        return NOT_APPLICABLE
    enabled = view.get("serverSideEncryption.enabled", default=False)
    good = enabled is UNKNOWN or str(enabled).lower() == "true"
    return PASS if good else fail("serverSideEncryption.enabled", "false", "true")


@rule(
    "EN-202",
    "api-integration-verifies-name",
    pack="encryption",
    types=("aws:apigateway/integration:Integration",),
    severity="high",
    rationale="A backend whose certificate is not verified may be anybody on the way.",
    url="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-as-a-proxy.html",
    remediation="Leave out tls_config.insecure_skip_verification.",
)
def verified(view: View) -> Outcome:
    return check_false(view, "tlsConfig.insecureSkipVerification")


@rule(
    "EN-203",
    "certificate-key-stays-with-aws",
    pack="encryption",
    types=("aws:acm/certificate:Certificate",),
    severity="medium",
    rationale="The private key of a certificate that can be exported is wherever somebody has taken it.",
    url="https://docs.aws.amazon.com/acm/latest/userguide/acm-exportable-certificates.html",
    remediation="Leave out options.export.",
)
def exported(view: View) -> Outcome:
    return check_word(view, "options.export", ["DISABLED"], default="DISABLED", known=["ENABLED"])
