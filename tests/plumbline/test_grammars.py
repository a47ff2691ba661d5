"""Each grammar takes what AWS takes and says in one line what is wrong with the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.constraints.alarm_rules import read_rule
from plumbline.constraints.api_requests import schema_findings
from plumbline.constraints.callers import Arn
from plumbline.constraints.event_patterns import pattern_findings
from plumbline.constraints.filter_patterns import FilterPattern, PatternError, read_pattern
from plumbline.constraints.metric_math import expression_problems, period_problem, statistic_problem
from plumbline.constraints.schedules import schedule_problem
from plumbline.constraints.state_paths import intrinsic_problem, jsonata_problem, path_problem, template_problem


def paths(findings: list[tuple[str, str]]) -> list[str]:
    return sorted(path for path, _ in findings)


SOUND_SCHEDULES = [
    "rate(1 minute)",
    "rate(1 hour)",
    "rate(5 minutes)",
    "rate(2 days)",
    "cron(0 3 * * ? *)",
    "cron(0/15 8-17 ? * MON-FRI *)",
    "cron(0 18 L * ? *)",
    "cron(0 18 LW * ? *)",
    "cron(0 18 15W * ? 2030-2040)",
    "cron(0 9 ? * 3#1 *)",
    "cron(0 9 ? * FRIL *)",
    "cron(0,30 9 1,15 JAN,JUL ? *)",
    "cron(*/5 * ? 1-6 1 *)",
]
WRONG_SCHEDULES = {
    "rate(1 minutes)": "allowed: rate(1 minute)",
    "rate(5 minute)": "allowed: rate(5 minutes)",
    "rate(0 minutes)": "allowed: a number from 1",
    "rate(5 weeks)": "allowed are forms such as rate(5 minutes)",
    "every hour": "allowed are forms such as rate(5 minutes)",
    "at(2030-01-31T12:00:00)": "allowed are forms such as rate(5 minutes)",
    "cron(0 3 * * *)": "5 fields; allowed: 6",
    "cron(0 3 * * * *)": "exactly one of day of month and day of week is ?",
    "cron(0 3 ? * ? *)": "exactly one of day of month and day of week is ?",
    "cron(60 3 * * ? *)": "minutes '60'; allowed: 0 to 59",
    "cron(0 24 * * ? *)": "hours '24'; allowed: 0 to 23",
    "cron(0 3 0 * ? *)": "day of month '0'; allowed: 1 to 31",
    "cron(0 3 32W * ? *)": "day of month '32W'",
    "cron(0 3 * 13 ? *)": "month '13'; allowed: 1 to 12 or JAN to DEC",
    "cron(0 3 ? * 0 *)": "day of week '0'; allowed: 1 to 7 or SUN to SAT",
    "cron(0 3 ? * 2#6 *)": "day of week '2#6'",
    "cron(0 3 * * ? 1969)": "year '1969'; allowed: 1970 to 2199",
    "cron(0/0 3 * * ? *)": "a step is a number from 1",
    "cron(? 3 * * ? *)": "minutes '?'",
    "cron(1-2-3 3 * * ? *)": "minutes '1-2-3'",
}


@pytest.mark.parametrize("text", SOUND_SCHEDULES)
def test_a_schedule_of_a_rule_is_taken(text: str) -> None:
    assert schedule_problem(text) is None
    assert schedule_problem(text, scheduler=True) is None


@pytest.mark.parametrize(("text", "says"), WRONG_SCHEDULES.items())
def test_a_schedule_of_a_rule_is_refused(text: str, says: str) -> None:
    problem = schedule_problem(text)
    assert problem is not None
    assert says in problem


def test_the_scheduler_takes_one_time_and_any_unit() -> None:
    texts = ("at(2030-01-31T12:00:00)", "rate(1 minutes)", "at(2030-02-30T12:00:00)", "rate(0 hours)")
    assert [schedule_problem(text, scheduler=True) is None for text in texts] == [True, True, False, False]


SOUND_PATTERNS: list[Any] = [
    {"source": ["orders"], "detail-type": ["Placed", "Cancelled"]},
    {"detail": {"state": ["open", None, True, 3]}},
    {"detail": {"price": [{"numeric": [">", 0, "<=", 5]}, {"numeric": ["=", 9]}]}},
    {"detail": {"name": [{"prefix": "a"}, {"suffix": {"equals-ignore-case": ".PNG"}}, {"wildcard": "a*b\\*c"}]}},
    {"detail": {"name": [{"anything-but": ["a", "b"]}, {"anything-but": {"prefix": ["x", "y"]}}]}},
    {"detail": {"ip": [{"cidr": "10.0.0.0/24"}], "gone": [{"exists": False}]}},
    {"$or": [{"source": ["a"]}, {"detail": {"x": [1]}}]},
    {"detail": {"name": [{"anything-but": 5}, {"equals-ignore-case": "abc"}]}},
]
WRONG_PATTERNS: list[tuple[Any, str, str]] = [
    ({"source": "orders"}, "source", "a list of values is needed"),
    ({"source": []}, "source", "empty"),
    ({"detail": {}}, "detail", "at least one key"),
    ({"source": [["a"]]}, "source[0]", "a list given"),
    ({"source": [{"prefix": "a", "suffix": "b"}]}, "source[0]", "exactly one filter"),
    ({"source": [{"regex": "a"}]}, "source[0]", "'regex' given; allowed: prefix"),
    ({"source": [{"prefix": ["a"]}]}, "source[0].prefix", "a text is needed"),
    ({"source": [{"prefix": {"x": "a"}}]}, "source[0].prefix", "equals-ignore-case"),
    ({"source": [{"wildcard": "a**"}]}, "source[0].wildcard", "two * in a row"),
    ({"source": [{"wildcard": "a\\b"}]}, "source[0].wildcard", "a backslash stands before"),
    ({"detail": {"x": [{"exists": "yes"}]}}, "detail.x[0].exists", "true or false"),
    ({"detail": {"x": [{"cidr": "10.0.0.0"}]}}, "detail.x[0].cidr", "a block of addresses"),
    ({"detail": {"x": [{"cidr": "10.0.0.0/99"}]}}, "detail.x[0].cidr", "a block of addresses"),
    ({"detail": {"x": [{"numeric": [">", "1"]}]}}, "detail.x[0].numeric", "a number is needed"),
    ({"detail": {"x": [{"numeric": ["==", 1]}]}}, "detail.x[0].numeric", "allowed: =, <"),
    ({"detail": {"x": [{"numeric": ["<", 5, ">", 1]}]}}, "detail.x[0].numeric", "a range begins with > or >="),
    ({"detail": {"x": [{"numeric": [">", 5, "<", 1]}]}}, "detail.x[0].numeric", "the lower end comes first"),
    ({"detail": {"x": [{"numeric": [">"]}]}}, "detail.x[0].numeric", "a list of an operator and a number"),
    ({"detail": {"x": [{"numeric": ["<", 6e9]}]}}, "detail.x[0].numeric", "allowed: -5000000000"),
    ({"detail": {"x": [{"anything-but": ["a", 1]}]}}, 'detail.x[0]["anything-but"]', "texts alone or numbers alone"),
    ({"detail": {"x": [{"anything-but": {"numeric": 1}}]}}, 'detail.x[0]["anything-but"]', "exactly one of prefix"),
    ({"$or": [{"source": ["a"]}]}, '["$or"]', "allowed: at least 2"),
    ({"$or": [{"source": ["a"]}, {}]}, '["$or"][1]', "at least one key"),
    ({}, "", "at least one key"),
    ([], "", "an object"),
]


@pytest.mark.parametrize("pattern", SOUND_PATTERNS, ids=json.dumps)
def test_an_event_pattern_is_taken(pattern: Any) -> None:
    assert pattern_findings(json.dumps(pattern)) == []


@pytest.mark.parametrize(("pattern", "path", "says"), WRONG_PATTERNS, ids=lambda value: json.dumps(value))
def test_an_event_pattern_is_refused_at_its_place(pattern: Any, path: str, says: str) -> None:
    ((found, message),) = pattern_findings(json.dumps(pattern))
    assert found == path
    assert says in message


def test_a_filter_policy_on_attributes_has_one_level() -> None:
    text = json.dumps({"kind": {"of": ["a"]}})
    assert (paths(pattern_findings(text)), paths(pattern_findings(text, nested=False))) == ([], ["kind"])
    assert paths(pattern_findings("{")) == [""]


SOUND_FILTERS = {
    "": FilterPattern("terms"),
    "ERROR": FilterPattern("terms"),
    'ERROR -"timed out" ?WARN': FilterPattern("terms"),
    "%AUTH[0-9]+%": FilterPattern("terms"),
    '{ $.level = "ERROR" }': FilterPattern("json"),
    '{ ($.level = "ERROR" || $.level = FATAL*) && $.latency > 1.5e2 }': FilterPattern("json"),
    "{ $.user.ids[0] NOT EXISTS && $.ok IS FALSE }": FilterPattern("json"),
    "{ $.eventType = %Trail$% }": FilterPattern("json"),
    "{ $.name = * }": FilterPattern("json"),
    "[ip, user, ..., status = 4* && status != 404, bytes > 1000]": FilterPattern(
        "space", ("ip", "user", "status", "bytes")
    ),
    '[w1="ERROR", w2]': FilterPattern("space", ("w1", "w2")),
}
WRONG_FILTERS = {
    "time-out": "stands in quotes",
    '"open': "stands in quotes",
    "{ $.level }": "=, !=, <",
    '{ level = "ERROR" }': "a selector such as $.level",
    '{ $.level == "ERROR" }': "a value is needed",
    "{ $.latency > fast }": "> compares with a number",
    '{ $.a = "x" && }': "a selector such as $.level is needed where the end stands",
    '{ ($.a = "x" }': "a closing bracket",
    '{ $.a = "x" $.b = "y" }': "&& or || is needed",
    "{ $.a IS GONE }": "NULL, TRUE, FALSE",
    "{ $.a < %x% }": "compares with a number",
    '{ $.a = "x"': "ends with }",
    "{ }": "a condition is needed",
    "[a, a]": "two fields are called a",
    "[..., a, ...]": "... given twice",
    "[a, 1b]": "the name of a field",
    "[a like b]": "a condition is such as",
    "[]": "the names of fields",
    "[a": "ends with ]",
    "x" * 1025: "1025 characters given",
}


@pytest.mark.parametrize(("text", "expected"), SOUND_FILTERS.items())
def test_a_filter_pattern_is_read(text: str, expected: FilterPattern) -> None:
    assert read_pattern(text) == expected


@pytest.mark.parametrize(("text", "says"), WRONG_FILTERS.items(), ids=[text[:30] for text in WRONG_FILTERS])
def test_a_filter_pattern_is_refused(text: str, says: str) -> None:
    with pytest.raises(PatternError) as refused:
        read_pattern(text)
    assert says in str(refused.value)


STATISTICS = {
    "Average": True,
    "p99": True,
    "p99.9": True,
    "p100": True,
    "tm90": True,
    "TM(10%:90%)": True,
    "TM(:90%)": True,
    "PR(:300)": True,
    "TC(0.005:0.030)": True,
    "IQM": True,
    "average": False,
    "p101": False,
    "p": False,
    "PR(10%:90%)": False,
    "TM(:)": False,
    "TM(10%:90)": False,
}


@pytest.mark.parametrize(("text", "taken"), STATISTICS.items())
def test_statistics_are_judged(text: str, taken: bool) -> None:
    assert (statistic_problem(text) is None) is taken


def test_an_extended_statistic_is_none_of_the_plain_ones() -> None:
    assert statistic_problem("p90", extended=True) is None
    assert "such as p99" in (statistic_problem("Sum", extended=True) or "")


def test_periods_are_short_ones_or_minutes() -> None:
    assert [period_problem(seconds) is None for seconds in (1, 10, 30, 60, 90, 300, 0, -60)] == [
        *(False, True, True, True, False, True),
        *(False, False),
    ]
    assert period_problem(1, shown=True) is None


EXPRESSIONS = {
    "m1 / m2 * 100": [],
    "IF(m1 > 10 AND m2 == 0, 1, 0)": [],
    "FILL(m1, REPEAT) + RATE(METRICS())": [],
    'SUM(METRICS("m"))': [],
    "ANOMALY_DETECTION_BAND(m1, 2)": [],
    "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum', 300)": [],
    "[m1, m2]": [],
    'SELECT MAX(Errors) FROM SCHEMA("AWS/Lambda", FunctionName)': [],
    "m3 + 1": ["no metric or expression has the id m3"],
    "TOTAL(m1)": ["no function TOTAL"],
    "M1 + 1": ["M1 is no id"],
    "(m1 + 1": [") is missing"],
    "m1)": [") closes nothing"],
    "m1 m2": ["an operator is needed before m2"],
    "m1 + * m2": ["a value is needed before *"],
    "m1 +": ["a value is needed at its end"],
    "SUM(m1,)": ["a value is needed before )"],
    "-m1 + NOT (m2 OR m1)": [],
    "m1 ; 1": ["';' has no meaning"],
    " ": ["a value is needed at its end"],
}


@pytest.mark.parametrize(("text", "says"), EXPRESSIONS.items())
def test_metric_math_is_judged(text: str, says: list[str]) -> None:
    found = expression_problems(text, {"m1", "m2"})
    assert len(found) == len(says)
    assert all(part in problem for part, problem in zip(says, found, strict=True))


RULES: dict[str, tuple[list[str], str | None]] = {
    'ALARM("a b") AND NOT OK(c)': (["a b", "c"], None),
    "(ALARM(a) OR INSUFFICIENT_DATA('b')) AND TRUE": (["a", "b"], None),
    "AT_LEAST(2, ALARM, (a, b, c))": (["a", "b", "c"], None),
    "AT_LEAST(50%, NOT OK, (a, b))": (["a", "b"], None),
    "ALARM(a) ALARM(b)": (["a"], "AND or OR is needed where ALARM stands"),
    "ALARM(a": (["a"], ") is needed where the end stands"),
    "ALARM()": ([], "the name or ARN of an alarm is needed"),
    "a AND b": ([], "a has no meaning"),
    "ALARM(a) AND": (["a"], "is needed where the end stands"),
    "": ([], "is needed where the end stands"),
    "AT_LEAST(3, ALARM, (a, b))": (["a", "b"], "3 of 2 alarms"),
    "AT_LEAST(0, ALARM, (a))": ([], "0 given to AT_LEAST"),
    "AT_LEAST(1, FIRING, (a))": ([], "FIRING given to AT_LEAST"),
}


@pytest.mark.parametrize(("text", "expected"), RULES.items())
def test_rules_of_composite_alarms_are_read(text: str, expected: tuple[list[str], str | None]) -> None:
    alarms, problem = read_rule(text)
    assert alarms == expected[0]
    assert (problem is None) is (expected[1] is None)
    assert (expected[1] or "") in (problem or "")


PATHS = {
    "$": (True, True),
    "$.a.b[0]": (True, True),
    "$['a b'][\"c\"]": (True, True),
    "$$.Task.Token": (True, True),
    "$variable.a": (True, True),
    "$.a-b": (True, True),
    "$.a[*].b": (True, False),
    "$..a": (True, False),
    "$.a[0:2]": (True, False),
    "$.a[?(@.b == ')]' && @.c[0] > 1)].d": (True, False),
    "$.a.length()": (True, False),
    "$.*": (True, False),
    "a.b": (False, False),
    "$.": (False, False),
    "$.a[0": (False, False),
    "$.a[?(@.b == 1]": (False, False),
    "$.a b": (False, False),
}


@pytest.mark.parametrize(("text", "taken"), PATHS.items())
def test_paths_and_reference_paths_are_told_apart(text: str, taken: tuple[bool, bool]) -> None:
    assert (path_problem(text) is None, path_problem(text, reference=True) is None) == taken


def test_a_path_into_the_states_own_data_begins_with_one_dollar() -> None:
    found = [path_problem(text, reference=True, context=False) is None for text in ("$.a", "$$.a", "$v")]
    assert found == [True, False, False]


INTRINSICS = {
    "States.UUID()": None,
    "States.Array()": None,
    "States.Format('{} of {}', $.a, States.ArrayLength($.b))": None,
    "States.Format('\\'quoted\\' \\{\\}')": None,
    "States.MathRandom(1, 10, $seed)": None,
    "States.ArrayContains($.a[0].b, 'x')": None,
    "States.JsonMerge($.a, $$.Execution.Input, false)": None,
    "States.Nothing()": "no function States.Nothing",
    "States.UUID(1)": "with 1 arguments; allowed: 0",
    "States.MathRandom(1)": "with 1 arguments; allowed: 2 to 3",
    "States.Format()": "allowed: at least 1",
    "States.Format('{}')": "1 times {} and 0 values",
    "States.Hash($.a 'SHA-1')": "a comma or the closing bracket",
    "States.Hash($.a, SHA)": "an argument is needed",
    "States.UUID() + 1": "nothing may follow",
    "States.UUID": "a call such as",
    "States.Array(" * 11 + ")" * 11: "allowed: 10 deep",
}


@pytest.mark.parametrize(("text", "says"), INTRINSICS.items())
def test_intrinsic_functions_are_judged(text: str, says: str | None) -> None:
    problem = intrinsic_problem(text)
    assert (problem is None) is (says is None)
    assert (says or "") in (problem or "")


def test_a_template_takes_a_path_or_a_function() -> None:
    found = [template_problem(text) is None for text in ("$.a", "$$.b", "States.UUID()", "a", "$.a[", "States.X()")]
    assert found == [True, True, True, False, False, False]


JSONATA = {
    "plain": True,
    "{% $states.input.a %}": True,
    "{% $merge([{'a': \")\"}, $x]) %}": True,
    "{% $replace(a, /[(]/, '') %}": True,
    "{% (1 + 2 %}": False,
    "{% 1 + 2) %}": False,
    "{% 1 + 2": False,
    "{%  %}": False,
}


@pytest.mark.parametrize(("text", "taken"), JSONATA.items())
def test_expressions_of_jsonata_are_judged_by_their_brackets(text: str, taken: bool) -> None:
    assert (jsonata_problem(text) is None) is taken


SCHEMAS: dict[str, list[str]] = {
    '{"type": "object", "properties": {"const": {"type": "string"}}, "required": ["const"]}': [],
    '{"$schema": "http://json-schema.org/draft-04/schema#", "type": "array", "items": [{"type": "null"}]}': [],
    '{"$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Order"}': [],
    '{"definitions": {"a": {"$ref": "#/definitions/a"}}}': [],
    '{"$schema": "http://json-schema.org/draft-07/schema#"}': ["$schema"],
    '{"properties": {"a": {"const": 1}}}': ["properties.a.const"],
    '{"anyOf": [{"if": {}}]}': ["anyOf[0].if"],
    '{"items": {"$ref": "https://example.com/a.json"}}': ['items["$ref"]'],
    '{"type": "objekt"}': ["type"],
    '{"required": []}': ["required"],
    "[]": [""],
    "{": [""],
}


@pytest.mark.parametrize(("text", "expected"), SCHEMAS.items())
def test_models_are_schemas_of_draft_4(text: str, expected: list[str]) -> None:
    found = [path.replace('["$schema"]', "$schema") for path, _ in schema_findings(text)]
    assert found == expected


ARN_PATTERNS = {
    "*": True,
    "arn:aws:events:eu-west-1:123456789012:rule/nightly": True,
    "arn:aws:events:*:*:rule/*": True,
    "arn:aws:events:eu-west-1:123456789012:*": True,
    "arn:aws:events:*": True,
    "arn:aws:events:us-east-1:123456789012:rule/nightly": False,
    "arn:aws:events:eu-west-1:999999999999:rule/nightly": False,
    "arn:aws:events:eu-west-1:123456789012:rule/bus/nightly": False,
    "arn:aws:sns:eu-west-1:123456789012:rule/nightly": False,
    "rule/nightly": False,
}


@pytest.mark.parametrize(("pattern", "expected"), ARN_PATTERNS.items())
def test_an_arn_is_covered_by_a_pattern(pattern: str, expected: bool) -> None:
    arn = Arn(service="events", region="eu-west-1", account="123456789012", rest="rule/nightly")
    assert arn.matches(pattern) is expected


def test_parts_of_an_arn_that_are_not_known_fit_any_pattern() -> None:
    arn = Arn(service="events", region=None, account=None, rest=None)
    assert arn.matches("arn:aws:events:us-east-1:999999999999:rule/other")
    assert not arn.matches("arn:aws:sns:us-east-1:999999999999:rule/other")
