"""Fixtures of policies/rules/operations/observability_account.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

GROUP = made("aws:cloudwatch/logGroup:LogGroup", "log")
ROLE = made("aws:iam/role:Role", "role")
LINKED = made("aws:iam/serviceLinkedRole:ServiceLinkedRole", "linked", awsServiceName="config.amazonaws.com")
TRAIL = made(
    "aws:cloudtrail/trail:Trail",
    "trail",
    refers={"cloudWatchLogsGroupArn": GROUP, "cloudWatchLogsRoleArn": ROLE},
    isMultiRegionTrail=True,
    enableLogFileValidation=True,
)
DATA = made(
    "aws:cloudtrail/trail:Trail",
    "data",
    isMultiRegionTrail=True,
    eventSelectors=[{"includeManagementEvents": False, "readWriteType": "All"}],
)


def selecting(*fields: tuple[str, object]) -> Resource:
    rows = [{"field": name, "equals": values} for name, values in fields]
    return changed(TRAIL, {"advancedEventSelectors": [{"name": "events", "fieldSelectors": rows}]})


RECORDER = made(
    "aws:cfg/recorder:Recorder",
    "recorder",
    roleArn="arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
    recordingGroup={"allSupported": True, "includeGlobalResourceTypes": True},
)
OF_LINKED = made(
    "aws:cfg/recorder:Recorder",
    "recorder",
    refers={"roleArn": LINKED},
    recordingGroup=RECORDER.inputs["recordingGroup"],
)
OF_ROLE = made(
    "aws:cfg/recorder:Recorder", "recorder", refers={"roleArn": ROLE}, recordingGroup=RECORDER.inputs["recordingGroup"]
)
STATUS = made("aws:cfg/recorderStatus:RecorderStatus", "status", isEnabled=True)
CHANNEL = made("aws:cfg/deliveryChannel:DeliveryChannel", "channel", s3BucketName="test-config")
REST = (STATUS, CHANNEL)
DETECTOR = made("aws:guardduty/detector:Detector", "detector", enable=True)
FEATURE = made("aws:guardduty/detectorFeature:DetectorFeature", name="S3_DATA_EVENTS", status="ENABLED")
HUB = made("aws:securityhub/account:Account", "hub", enableDefaultStandards=True)
STANDARD = made("aws:securityhub/standardsSubscription:StandardsSubscription", "standard", standardsArn="arn:aws:x")
PASSWORDS = made("aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "passwords")
SELECTORS, ADVANCED = "eventSelectors", "advancedEventSelectors"
SUPPORTED, GLOBAL = "recordingGroup.allSupported", "recordingGroup.includeGlobalResourceTypes"
STRATEGY = "recordingGroup.recordingStrategies.0.useOnly"
CERTAIN = "types of resources are known in every preview"


def of_account(rule: str, resource: Resource) -> Cases:
    """Return the fixtures of a rule that asks an account's stack for a resource."""
    present = [each for each in (DETECTOR, PASSWORDS, HUB) if each is not resource]
    return Cases(
        rule=rule,
        good={"there": [resource, *present], "alone": [resource]},
        bad={"missing": (present, ("",))},
        never_unknown=CERTAIN,
        skipped={"no account's stack": [PASSWORDS], "asked elsewhere": [present[1], present[0]]},
    )


CASES = [
    of_account("account-has-trail", TRAIL),
    of_account("account-has-config-recorder", RECORDER),
    of_account("account-has-guardduty", DETECTOR),
    of_account("account-has-security-hub", HUB),
    Cases(
        rule="security-hub-checks-standards",
        good={
            "default": [HUB],
            "not set": [changed(HUB, {"enableDefaultStandards": GONE})],
            "chosen": [changed(HUB, {"enableDefaultStandards": False}), STANDARD],
        },
        bad={
            "none": ([changed(HUB, {"enableDefaultStandards": False})], ("enableDefaultStandards",)),
            "controls off": ([changed(HUB, {"autoEnableControls": False}), STANDARD], ("autoEnableControls",)),
        },
        unknown={"default": ([changed(HUB, {"enableDefaultStandards": UNKNOWN})], ("enableDefaultStandards",))},
        always=True,
    ),
    Cases(
        rule="trail-records-whole-account",
        good={
            "default": [TRAIL],
            "selected": [changed(TRAIL, {SELECTORS: [{"includeManagementEvents": True, "readWriteType": "All"}]})],
            "selected by field": [selecting(("eventCategory", ["Management"]))],
            "data beside": [DATA, TRAIL],
        },
        bad={
            "one region": ([changed(TRAIL, {"isMultiRegionTrail": False})], ("isMultiRegionTrail",)),
            "not set": ([changed(TRAIL, {"isMultiRegionTrail": GONE})], ("isMultiRegionTrail",)),
            "no global services": (
                [changed(TRAIL, {"includeGlobalServiceEvents": False})],
                ("includeGlobalServiceEvents",),
            ),
            "stopped": ([changed(TRAIL, {"enableLogging": False})], ("enableLogging",)),
            "data only": ([DATA], (f"{SELECTORS}.0.includeManagementEvents",)),
            "writing only": (
                [changed(TRAIL, {SELECTORS: [{"readWriteType": "WriteOnly"}]})],
                (f"{SELECTORS}.0.readWriteType",),
            ),
            "without keys": (
                [changed(TRAIL, {SELECTORS: {"excludeManagementEventSources": ["kms.amazonaws.com"]}})],
                (f"{SELECTORS}.excludeManagementEventSources",),
            ),
            "data by field": ([selecting(("eventCategory", ["Data"]))], (ADVANCED,)),
            "writing by field": ([selecting(("eventCategory", "Management"), ("readOnly", "false"))], (ADVANCED,)),
            "no field": ([selecting()], (ADVANCED,)),
        },
        unknown={
            "regions": ([changed(TRAIL, {"isMultiRegionTrail": UNKNOWN})], ("isMultiRegionTrail",)),
            "selectors": ([changed(TRAIL, {SELECTORS: UNKNOWN})], (SELECTORS,)),
            "fields": ([changed(TRAIL, {ADVANCED: [{"fieldSelectors": UNKNOWN}]})], (ADVANCED,)),
            "category": ([selecting(("eventCategory", UNKNOWN))], (ADVANCED,)),
        },
        always=True,
    ),
    Cases(
        rule="trail-files-are-validated",
        good={"on": [TRAIL]},
        bad={
            "off": ([changed(TRAIL, {"enableLogFileValidation": False})], ("enableLogFileValidation",)),
            "not set": ([DATA], ("enableLogFileValidation",)),
        },
        unknown={"on": ([changed(TRAIL, {"enableLogFileValidation": UNKNOWN})], ("enableLogFileValidation",))},
        always=True,
    ),
    Cases(
        rule="trail-feeds-log-group",
        good={"to come": [TRAIL]},
        bad={
            "not set": ([DATA], ("cloudWatchLogsGroupArn", "cloudWatchLogsRoleArn")),
            "no role": ([changed(TRAIL, {"cloudWatchLogsRoleArn": GONE})], ("cloudWatchLogsRoleArn",)),
            "bucket": ([changed(TRAIL, {"cloudWatchLogsGroupArn": "arn:aws:s3:::a"})], ("cloudWatchLogsGroupArn",)),
        },
        never_unknown="a destination that only AWS can decide is set",
        always=True,
    ),
    Cases(
        rule="config-recorder-is-on",
        good={
            "recorder": [RECORDER, *REST],
            "role of the stack": [OF_LINKED, *REST],
            "strategy": [changed(RECORDER, {"recordingGroup.recordingStrategies": [{}]}), *REST],
            "status": [STATUS, RECORDER, CHANNEL],
        },
        bad={
            "stopped": ([changed(STATUS, {"isEnabled": False})], ("isEnabled",)),
            "never started": ([RECORDER, CHANNEL], ("",)),
            "no channel": ([RECORDER, STATUS], ("",)),
            "some types": ([changed(RECORDER, {SUPPORTED: False}), *REST], (SUPPORTED,)),
            "no global types": ([changed(RECORDER, {GLOBAL: False}), *REST], (GLOBAL,)),
            "not set": ([changed(RECORDER, {"recordingGroup": GONE}), *REST], (GLOBAL,)),
            "strategy": (
                [
                    changed(
                        RECORDER, {"recordingGroup.recordingStrategies": [{"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}]}
                    ),
                    *REST,
                ],
                (STRATEGY,),
            ),
            "own role": ([changed(RECORDER, {"roleArn": "arn:aws:iam::1:role/config"}), *REST], ("roleArn",)),
            "role of the stack": ([OF_ROLE, *REST], ("roleArn",)),
            "no role": ([changed(RECORDER, {"roleArn": GONE}), *REST], ("roleArn",)),
        },
        unknown={
            "types": ([changed(RECORDER, {SUPPORTED: UNKNOWN}), *REST], (SUPPORTED,)),
            "status": ([changed(STATUS, {"isEnabled": UNKNOWN})], ("isEnabled",)),
        },
        always=True,
    ),
    Cases(
        rule="guardduty-detector-is-on",
        good={"detector": [DETECTOR], "not set": [changed(DETECTOR, {"enable": GONE})], "feature": [FEATURE]},
        bad={
            "suspended": ([changed(DETECTOR, {"enable": False})], ("enable",)),
            "no buckets": (
                [changed(DETECTOR, {"datasources": {"s3Logs": {"enable": False}}})],
                ("datasources.s3Logs.enable",),
            ),
            "feature off": ([changed(FEATURE, {"status": "DISABLED"})], ("status",)),
            "no status": ([changed(FEATURE, {"status": GONE})], ("status",)),
        },
        unknown={
            "enabled": ([changed(DETECTOR, {"enable": UNKNOWN})], ("enable",)),
            "status": ([changed(FEATURE, {"status": UNKNOWN})], ("status",)),
        },
        skipped={"not asked for": [changed(FEATURE, {"name": "RUNTIME_MONITORING", "status": "DISABLED"})]},
    ),
]
