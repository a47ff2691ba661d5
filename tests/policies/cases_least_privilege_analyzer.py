"""Fixtures: IAM Access Analyzer."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import Cases, Program, changed, made

_ANALYZER = made("aws:accessanalyzer/analyzer:Analyzer", analyzerName="account", type="ACCOUNT")
_ACCOUNT = [
    made("aws:guardduty/detector:Detector", enable=True),
    made("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", blockPublicAcls=True),
]
_UNUSED = changed(_ANALYZER, {"type": "ACCOUNT_UNUSED_ACCESS"})


def _rule(*filters: Any) -> Program:
    return [made("aws:accessanalyzer/archiveRule:ArchiveRule", analyzerName="account", filters=list(filters))]


CASES = [
    Cases(
        rule="access-analyzer-is-on",
        good={
            "of the account": [_ANALYZER, *_ACCOUNT],
            "of the organisation": [changed(_ANALYZER, {"type": "organization"}), *_ACCOUNT],
            "two": [_UNUSED, made(_ANALYZER.type, "second"), *_ACCOUNT],
        },
        bad={
            "none": (_ACCOUNT, ("",)),
            "of unused rights": ([_UNUSED, *_ACCOUNT], ("type",)),
            "of unused rights, in any stack": ([_UNUSED], ("type",)),
        },
        unknown={"type": ([changed(_ANALYZER, {"type": UNKNOWN})], ("type",))},
        skipped={
            "one thing of an account": _ACCOUNT[:1],
            "the second thing of an account": _ACCOUNT[::-1],
            "beside an analyzer": [*_ACCOUNT, _ANALYZER],
        },
    ),
    Cases(
        rule="access-analyzer-hides-nothing-public",
        good={
            "a resource": _rule({"criteria": "resource", "eqs": ["arn:aws:s3:::orders"]}),
            "an account": _rule({"criteria": "principal.AWS", "contains": ["999999999999"]}),
            "a resource of the stack": _rule({"criteria": "resource", "eqs": [UNKNOWN]}),
        },
        bad={
            "nothing": (_rule(), ("filters",)),
            "a status": (_rule({"criteria": "status", "eqs": ["ACTIVE"]}), ("filters",)),
            "a kind": (_rule({"criteria": "resourceType", "eqs": ["AWS::S3::Bucket"]}), ("filters",)),
            "what is public": (_rule({"criteria": "isPublic", "eqs": ["true"]}), ("filters.0",)),
        },
        unknown={
            "filters": (
                [made("aws:accessanalyzer/archiveRule:ArchiveRule", filters=UNKNOWN)],
                ("filters",),
            ),
            "a filter": (_rule({"criteria": "status", "eqs": ["ACTIVE"]}, UNKNOWN), ("filters",)),
            "whether what is public": (
                _rule({"criteria": "resource", "eqs": ["orders"]}, {"criteria": "isPublic", "eqs": UNKNOWN}),
                ("filters",),
            ),
        },
        always=True,
    ),
]
