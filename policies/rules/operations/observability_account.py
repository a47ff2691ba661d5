"""What watches an account: its trail, Config, GuardDuty and Security Hub."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.graph import UNKNOWN
from policies.rules.account import ACCOUNT_TYPES, NEEDS, account_has
from policies.rules.encryption.keys import places
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    any_of,
    check,
    check_true,
    check_word,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.observability_delivery import LOG_GROUP, ROLE, delivers

TRAIL = "aws:cloudtrail/trail:Trail"
RECORDER = "aws:cfg/recorder:Recorder"
RECORDER_STATUS = "aws:cfg/recorderStatus:RecorderStatus"
CHANNEL = "aws:cfg/deliveryChannel:DeliveryChannel"
DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
HUB = "aws:securityhub/account:Account"
STANDARD = "aws:securityhub/standardsSubscription:StandardsSubscription"
_TRAILS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide"
_GUARDDUTY = "https://docs.aws.amazon.com/guardduty/latest/ug"
_CONFIG = "https://docs.aws.amazon.com/config/latest/developerguide"
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide"


@rule(
    "OP-240",
    "account-has-trail",
    pack="operations",
    types=ACCOUNT_TYPES,
    severity="high",
    level="open",
    scope="stack",
    rationale="The free history of events ends after 90 days, and whoever breaks in knows it.",
    url=f"{_TRAILS}/cloudtrail-create-and-update-a-trail.html",
    remediation="Add aws.cloudtrail.Trail to the stack of the account, unless the organization has one for it.",
    controls=("CloudTrail.1", "3.1"),
    criteria=("MOMENTUM-1.5.3",),
    parameters=NEEDS,
)
def has_trail(view: View) -> Outcome:
    return account_has(view, TRAIL, "trail of the account's events")


@rule(
    "OP-241",
    "account-has-config-recorder",
    pack="operations",
    types=ACCOUNT_TYPES,
    severity="critical",
    level="open",
    scope="stack",
    rationale="Most checks of Security Hub read what Config recorded: without it they find nothing, and look fine.",
    url=f"{_CONFIG}/stop-start-recorder.html",
    remediation="Add aws.cfg.Recorder, RecorderStatus and DeliveryChannel to the stack of the account.",
    controls=("Config.1", "3.3"),
    parameters=NEEDS,
)
def has_recorder(view: View) -> Outcome:
    return account_has(view, RECORDER, "recorder of Config")


@rule(
    "OP-242",
    "account-has-guardduty",
    pack="operations",
    types=ACCOUNT_TYPES,
    severity="high",
    scope="stack",
    rationale="Keys that are used from elsewhere, and machines that mine coins, are found by nothing else here.",
    url=f"{_GUARDDUTY}/guardduty_settingup.html",
    remediation="Add aws.guardduty.Detector to the stack of the account.",
    controls=("GuardDuty.1", "CKV_AWS_238"),
    parameters=NEEDS,
)
def has_detector(view: View) -> Outcome:
    return account_has(view, DETECTOR, "detector of GuardDuty")


@rule(
    "OP-243",
    "account-has-security-hub",
    pack="operations",
    types=ACCOUNT_TYPES,
    severity="medium",
    scope="stack",
    rationale="Findings of ten services are read where they are in one place.",
    url=f"{_HUB}/securityhub-settingup.html",
    remediation="Add aws.securityhub.Account to the stack of the account.",
    controls=("4.16",),
    criteria=("MOMENTUM-1.4.4",),
    parameters=NEEDS,
)
def has_hub(view: View) -> Outcome:
    return account_has(view, HUB, "Security Hub")


@rule(
    "OP-244",
    "security-hub-checks-standards",
    pack="operations",
    types=(HUB,),
    severity="medium",
    scope="stack",
    rationale="Without a standard Security Hub collects what others found, and checks nothing itself.",
    url=f"{_HUB}/standards-view-manage.html",
    remediation="Leave enable_default_standards out, or add aws.securityhub.StandardsSubscription.",
    controls=("4.16",),
    criteria=("MOMENTUM-1.4.4",),
)
def standards(view: View) -> Outcome:
    checks = check_true(view, "autoEnableControls", default=True)
    if view.of_type(STANDARD):
        return checks
    return all_of([check_true(view, "enableDefaultStandards", default=True), checks])


@rule(
    "OP-233",
    "trail-records-whole-account",
    pack="operations",
    types=(TRAIL,),
    severity="high",
    scope="stack",
    rationale="Whoever breaks in works in the region that nobody watches, and reads before changing anything.",
    url=f"{_TRAILS}/receive-cloudtrail-log-files-from-multiple-regions.html",
    remediation="Set is_multi_region_trail=True, and record management events for reading and writing.",
    controls=("CloudTrail.1", "CKV_AWS_67", "3.1"),
    criteria=("MOMENTUM-1.5.3",),
)
def trail(view: View) -> Outcome:
    """A trail of data events only is fine beside another that has the management events."""
    others = [each for each in view.of_type(TRAIL) if each.resource.urn != view.resource.urn]
    events = _management(view)
    if events.word == "fail" and any(_management(each).word == "pass" for each in others):
        events = PASS
    return all_of(
        [
            check_true(view, "isMultiRegionTrail"),
            check_true(view, "includeGlobalServiceEvents", default=True),
            check_true(view, "enableLogging", default=True),
            events,
        ]
    )


def _management(view: View) -> Outcome:
    """Judge whether a trail has every management event; one without selectors has."""
    simple, advanced = places(view, "eventSelectors"), places(view, "advancedEventSelectors")
    expected = "all management events"
    if simple is None or advanced is None:
        return unknown("eventSelectors" if simple is None else "advancedEventSelectors", expected)
    if advanced:
        chosen = [_advanced(view, path) for path in advanced]
        if any(found is True for found in chosen):
            return PASS
        maybe = any(found is None for found in chosen)
        path = "advancedEventSelectors"
        return unknown(path, expected) if maybe else fail(path, "some management events at most", expected)
    return any_of(all_of(_simple(view, path)) for path in simple) if simple else PASS


def _simple(view: View, path: str) -> Iterator[Outcome]:
    yield check_true(view, f"{path}.includeManagementEvents", default=True)
    known = ("ReadOnly", "WriteOnly")
    yield check_word(view, f"{path}.readWriteType", ("All",), default="All", known=known)
    left_out = f"{path}.excludeManagementEventSources"
    if view.items(left_out):
        yield fail(left_out, "events left out", "not set")


def _advanced(view: View, path: str) -> bool | None:
    """Say whether a selector chooses management events without limiting them, None where that is not known."""
    management = False
    for field in places(view, f"{path}.fieldSelectors") or ():
        name, values = view.get(f"{field}.field"), view.items(f"{field}.equals")
        if name is UNKNOWN or values is None:
            return None
        if str(name).lower() != "eventcategory":
            return False  # readOnly and eventSource take events away
        management = any(str(value).lower() == "management" for value in values)
    return None if view.get(f"{path}.fieldSelectors") is UNKNOWN else management


@rule(
    "OP-234",
    "trail-files-are-validated",
    pack="operations",
    types=(TRAIL,),
    severity="low",
    rationale="A log that could have been changed without a trace proves nothing.",
    url=f"{_TRAILS}/cloudtrail-log-file-validation-intro.html",
    remediation="Set enable_log_file_validation=True.",
    controls=("CloudTrail.4", "CKV_AWS_36", "3.2"),
)
def validated(view: View) -> Outcome:
    return check_true(view, "enableLogFileValidation")


@rule(
    "OP-235",
    "trail-feeds-log-group",
    pack="operations",
    types=(TRAIL,),
    severity="medium",
    rationale="Alarms on what happens in an account need its events in a log group, within minutes.",
    url=f"{_TRAILS}/send-cloudtrail-events-to-cloudwatch-logs.html",
    remediation='Set cloud_watch_logs_group_arn, ending in ":*", and cloud_watch_logs_role_arn.',
    controls=("CloudTrail.5", "CKV2_AWS_10"),
)
def feeds(view: View) -> Outcome:
    return all_of(
        [
            delivers(view, "cloudWatchLogsGroupArn", [LOG_GROUP], "the ARN of a log group"),
            delivers(view, "cloudWatchLogsRoleArn", [ROLE], "the ARN of a role"),
        ]
    )


@rule(
    "OP-245",
    "config-recorder-is-on",
    pack="operations",
    types=(RECORDER, RECORDER_STATUS),
    severity="critical",
    scope="stack",
    rationale="A recorder that is stopped, has no channel or leaves out types is a gap in every later investigation.",
    url=f"{_CONFIG}/select-resources.html",
    remediation="Record all supported and global types with the service-linked role, and add RecorderStatus with "
    "is_enabled=True and a DeliveryChannel.",
    controls=("Config.1", "CKV2_AWS_45", "3.3"),
    parameters={"service_linked_role": True, "global_types": True},
)
def recorder(view: View) -> Outcome:
    if view.type == RECORDER_STATUS:
        return check_true(view, "isEnabled")
    outcomes = [*_recorded(view), *_role(view)]
    for type_, what in ((RECORDER_STATUS, "recorder status"), (CHANNEL, "delivery channel")):
        if not view.of_type(type_):
            outcomes.append(fail("", f"no {what}", f"a {what}"))
    return all_of(outcomes)


def _recorded(view: View) -> Iterator[Outcome]:
    group = "recordingGroup"
    strategy = f"{group}.recordingStrategies.0.useOnly"
    yield check_true(view, f"{group}.allSupported", default=True)
    words = ("ALL_SUPPORTED_RESOURCE_TYPES",)
    known = ("INCLUSION_BY_RESOURCE_TYPES", "EXCLUSION_BY_RESOURCE_TYPES")
    yield check_word(view, strategy, words, default=words[0], known=known)
    if view.parameters["global_types"]:
        yield check_true(view, f"{group}.includeGlobalResourceTypes")


def _role(view: View) -> Iterator[Outcome]:
    """Judge the role: only the service-linked one gets the rights for new types by itself."""
    path, expected = "roleArn", "the service-linked role of Config"
    value = view.get(path)
    if not view.parameters["service_linked_role"]:
        yield delivers(view, path, [ROLE], "the ARN of a role")
    elif value is UNKNOWN:
        kinds = view.source_types(path)
        linked = "aws:iam/serviceLinkedRole:ServiceLinkedRole" in kinds
        yield fail(path, "an output of another role", expected) if ROLE in kinds and not linked else PASS
    else:
        yield check(view, path, lambda arn: "role/aws-service-role/config.amazonaws.com/" in arn, expected)


_SOURCES = (
    "datasources.s3Logs.enable",
    "datasources.kubernetes.auditLogs.enable",
    "datasources.malwareProtection.scanEc2InstanceWithFindings.ebsVolumes.enable",
)


@rule(
    "OP-246",
    "guardduty-detector-is-on",
    pack="operations",
    types=(DETECTOR, FEATURE),
    severity="high",
    rationale="A detector that is suspended, or has a protection turned off, sees nothing and says nothing.",
    url=f"{_GUARDDUTY}/guardduty-features-activation-model.html",
    remediation='Set enable=True for the detector, and status="ENABLED" for its features.',
    controls=("GuardDuty.1", "CKV_AWS_238", "GuardDuty.5", "GuardDuty.6", "GuardDuty.9", "GuardDuty.10"),
    parameters={
        "features": [
            *("S3_DATA_EVENTS", "LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION"),
        ]
    },
)
def detector(view: View) -> Outcome:
    """A new detector has its protections; `features` are those that must not be turned off again."""
    if view.type == FEATURE:
        name = view.get("name")
        if isinstance(name, str) and name not in view.parameters["features"]:
            return NOT_APPLICABLE
        return check_word(view, "status", ("ENABLED",), known=("DISABLED",))
    return all_of(check_true(view, path, default=True) for path in ("enable", *_SOURCES))
