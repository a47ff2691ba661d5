"""What rules of a web ACL take of its capacity."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.constraints.firewall_rules import capacities, capacity
from plumbline.graph import UNKNOWN

PATH, BODY = {"uriPath": {}}, {"body": {"oversizeHandling": "CONTINUE"}}
GEO = {"geoMatchStatement": {"countryCodes": ["DE"]}}


def steps(*types: str) -> list[dict[str, Any]]:
    return [{"priority": priority, "type": type_} for priority, type_ in enumerate(types)]


def scripts(place: Any, *types: str) -> dict[str, Any]:
    return {"xssMatchStatement": {"fieldToMatch": place, "textTransformations": steps(*types)}}


def group(name: str, vendor: str = "AWS", **more: Any) -> dict[str, Any]:
    return {"managedRuleGroupStatement": {"vendorName": vendor, "name": name, **more}}


def texts(constraint: str) -> dict[str, Any]:
    said = {"positionalConstraint": constraint, "fieldToMatch": PATH, "textTransformations": steps("NONE")}
    return {"byteMatchStatement": said}


CASES: dict[str, tuple[list[Any], int | None]] = {
    "no rules": ([], 0),
    "a group of AWS": ([group("AWSManagedRulesCommonRuleSet")], 700),
    "some requests of a group": ([group("AWSManagedRulesSQLiRuleSet", scopeDownStatement=GEO)], 201),
    "a group that nobody knows": ([GEO, group("AWSManagedRulesNewRuleSet")], None),
    "a group of somebody else": ([group("AWSManagedRulesCommonRuleSet", "Shop")], None),
    "a group of one's own": ([{"ruleGroupReferenceStatement": {"arn": "arn:aws:wafv2:x"}}], None),
    "a rate": ([{"rateBasedStatement": {"limit": 100}}], 2),
    "a rate by two keys": ([{"rateBasedStatement": {"customKeys": [{"ip": {}}, {"httpMethod": {}}]}}], 62),
    "a rate of some requests": ([{"rateBasedStatement": {"scopeDownStatement": GEO}}], 3),
    "scripts": ([scripts(PATH, "NONE")], 40),
    "scripts after two steps": ([scripts(PATH, "URL_DECODE", "LOWERCASE")], 60),
    "a step that another rule takes too": ([scripts(PATH, "LOWERCASE"), scripts(PATH, "LOWERCASE")], 90),
    "a step for another part": ([scripts(PATH, "LOWERCASE"), scripts(BODY, "LOWERCASE")], 100),
    "all arguments": ([scripts({"allQueryArguments": {}}, "NONE")], 50),
    "JSON": ([scripts({"jsonBody": {"matchScope": "ALL"}}, "NONE")], 80),
    "either": ([{"orStatement": {"statements": [scripts(PATH, "NONE"), GEO]}}], 41),
    "not": ([{"notStatement": {"statement": GEO}}], 1),
    "SQL": ([{"sqliMatchStatement": {"fieldToMatch": PATH, "textTransformations": steps("NONE")}}], 20),
    "SQL with care": ([{"sqliMatchStatement": {"sensitivityLevel": "HIGH", "fieldToMatch": PATH}}], 30),
    "the beginning of a text": ([texts("STARTS_WITH")], 2),
    "a text anywhere": ([texts("CONTAINS")], 10),
    "addresses": ([{"ipSetReferenceStatement": {"arn": "arn:aws:wafv2:x"}}], 1),
    "addresses of any proxy": ([{"ipSetReferenceStatement": {"ipSetForwardedIpConfig": {"position": "ANY"}}}], 5),
    "what is not known": ([UNKNOWN, {"xssMatchStatement": UNKNOWN}, scripts(UNKNOWN, "LOWERCASE")], 50),
}


@pytest.mark.parametrize(("found", "units"), CASES.values(), ids=list(CASES))
def test_rules_take_what_aws_documents(found: list[Any], units: int | None) -> None:
    assert capacity([{"statement": statement} for statement in found]) == units


def test_rules_that_are_not_known_take_nothing_yet() -> None:
    assert (capacity(UNKNOWN), capacity(None)) == (0, 0)


def test_more_than_what_is_included_costs_extra_and_there_is_an_end() -> None:
    assert (capacities()["included"], capacities()["most"]) == (1500, 5000)
