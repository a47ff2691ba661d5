"""What the command `permissions` prints, for people and machines, and what it says of wrong input."""

from __future__ import annotations

import functools
import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from plumbline.__main__ import main
from plumbline.permissions import Proof, report
from plumbline.permissions.declared import edges, find
from plumbline.permissions.estate import Estate
from plumbline.permissions.known import Home
from plumbline.project import UserError
from tests.evaluations import ROOT, preview
from tests.plumbline.permissions.estates import ACCOUNT, proof, rewritten, trading

SCHEMA = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator({"$ref": "#/$defs/permissions", "$defs": SCHEMA["$defs"]})
POLICY = "roles-ai-traces-table-model-configurations"
ROLE = "role test-audit-ai-traces"


@functools.cache
def of_bootstrap() -> Proof:
    return proof(preview("bootstrap").graph)


def widened() -> Proof:
    graph = rewritten(trading(), POLICY, lambda rows: rows[0]["Action"].append("dynamodb:Scan"))
    return proof(graph, ROLE)


def printed(result: Proof, *, every: bool = False) -> list[str]:
    lines = io.StringIO()
    report.text(result, Console(width=1000, emoji=False, file=lines), every=every)
    return lines.getvalue().splitlines()


def test_report_begins_with_the_totals() -> None:
    assert printed(of_bootstrap())[0] == (
        "bootstrap (bootstrap): 5 roles, 4 other principals; 310 declared permissions; 0 extra, 0 missing, 0 unknown"
    )


def test_report_has_a_line_for_alike_resources_of_a_role() -> None:
    lines = printed(proof(trading(), ROLE))
    assert lines[2] == ROLE
    tables = "table test-model-configurations, test-model-performance, test-performance-predictions: read  (Read)"
    assert f"  {tables}" in lines


def test_report_of_a_role_of_many_permissions_has_a_line_for_each_service() -> None:
    lines = printed(of_bootstrap())
    start = lines.index("role bootstrap-deploy-test")
    rows = lines[start + 1 : lines.index("", start)]
    assert all(re.match(r"  [a-z0-9-]+: \d+ (List|Read|Write|Tagging|Permissions management)", row) for row in rows)
    assert len(printed(of_bootstrap(), every=True)) > 2 * len(lines)


def test_report_names_policies_that_aws_keeps_and_what_was_assumed() -> None:
    lines = printed(of_bootstrap())
    arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    assert f"  attached {arn} (AWS keeps its document)" in lines
    assert lines[-1].startswith("assumed of each declared use: aws:SecureTransport true, s3:TlsVersion at least 1.2")


def test_report_names_each_difference_with_its_statement() -> None:
    lines = printed(widened())
    difference = f"extra {ROLE} on table test-model-configurations: dynamodb:Scan: allowed, and not declared"
    assert lines[lines.index(difference) + 1] == f"    RolePolicy {POLICY}, statement 0 (ReadTable)"


def test_report_says_which_policies_were_not_looked_at() -> None:
    assert "not looked at: 7 policies of VPC endpoints" in printed(proof(trading(), ROLE))


def test_markdown_is_a_heading_and_the_report() -> None:
    first, *others = report.markdown(of_bootstrap()).splitlines()
    assert first.startswith("### bootstrap (bootstrap): 5 roles")
    assert (others[1], others[-1]) == ("```", "```")


@pytest.mark.parametrize("make", [of_bootstrap, widened], ids=["equal", "widened"])
def test_document_fits_the_schema(make: Any) -> None:
    result = make()
    document = json.loads(json.dumps(report.document(result, "plumbline")))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert document["summary"]["extra"] == len(document["findings"]) == len(result.findings)
    assert document["summary"]["rows"] == len(document["rows"])


def test_document_has_levels_words_and_conditions() -> None:
    rows = report.document(of_bootstrap(), "plumbline")["rows"]
    (row,) = (row for row in rows if row["to"] == "service logging.s3.amazonaws.com")
    assert row == {
        "to": "service logging.s3.amazonaws.com",
        "resource": f"bucket bootstrap-access-logs-{ACCOUNT}",
        "on": f"bucket bootstrap-access-logs-{ACCOUNT}",
        "urn": row["urn"],
        "levels": {"Write": ["s3:PutObject"]},
        "words": ["put"],
        "when": {"aws:SecureTransport": ["true"], "aws:SourceAccount": [ACCOUNT], "s3:TlsVersion": ["1.2", "1.3"]},
    }
    assert row["urn"].endswith("::buckets-access-logs")


def test_command_prints_the_document_and_leaves_with_0(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["permissions", "bootstrap", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["stack"], document["findings"]) == ("bootstrap", [])


def test_command_refuses_an_unknown_stack(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["permissions", "tset"]) == 2
    assert "stack 'tset' is not known (did you mean test?)" in capsys.readouterr().err


def test_system_that_declares_nothing_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    stack = "config:\n  small:system: none\n  small:settings: {}\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(stack, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["permissions", "dev"]) == 2
    message = "error systems/none/permissions.py: missing; what the roles of a stack are meant to do is declared there"
    assert capsys.readouterr().err.splitlines() == [message]


def test_finding_a_declaration_needs_its_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"systems/x/permissions\.py: missing"):
        find(tmp_path, "x")


def given(**changes: Any) -> dict[str, Any]:
    return {"to": "role a", "on": "table x", "may": "read", **changes}


WRONG = {
    "no mapping": ("x", "'x' given; a mapping is needed"),
    "key": ({"too": "role a"}, "'too' given (did you mean to?); allowed: to, on, may, below, when"),
    "principal": (given(to="person a"), "to: 'person a' given; allowed: role, service, account, provider, principal"),
    "no resource": (given(on=3), "on: 3 given; a kind of resource and its name, or ARNs are needed"),
    "kind": (given(on="tabel x"), "on: 'tabel x' given; allowed: an ARN, account, or one of alarm"),
    "list of names": (given(on=["table x", "table y"]), "on: ['table x', 'table y'] given; allowed in a list: ARNs"),
    "word": (given(may="reed"), "may: 'reed' on table x given (did you mean read?); allowed: read, write, scan"),
    "kind without words": (given(on="vault x"), "may: 'read' on vault x given; allowed: nothing"),
    "no word": (given(may=[]), "may: [] given; a word is needed, or a list of them"),
    "action": (given(on="arn:aws:s3:::a", may=["s3:Got"]), "may: s3:Got given; AWS has no such action"),
    "operator": (given(when={"StringIs": {"a:b": "c"}}), "'StringIs' is no condition operator"),
    "conditions": (given(when="never"), "when: 'never' given; needed: conditions"),
    "place": (
        given(when={"StringEquals": {"a:b": "{api none}/*"}}),
        "when: '{api none}/*' given; the stack has no api none",
    ),
}


@pytest.mark.parametrize(("row", "message"), WRONG.values(), ids=WRONG.keys())
def test_declared_row_that_is_none_is_told_in_one_line(row: Any, message: str) -> None:
    estate = Estate(preview("bootstrap").graph, Home(ACCOUNT, "us-east-1"))
    with pytest.raises(UserError) as raised:
        edges([{"to": "role a", "on": "account", "may": "send traces"}, row], estate, "systems/x/permissions.py")
    (line,) = raised.value.lines
    assert line.startswith(f"systems/x/permissions.py: row 1: {message}")
