"""Routes that decide on modifications, make projects of templates and serve documents; and what failures leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from agenticai_shared import documents, work
from agenticai_shared.errors import Busy, StoreError
from agenticai_shared.models import File
from botocore.exceptions import ClientError

from tests.systems.agentic.application import TABLE, Application, a_project, running

APPROVE, REJECT = "/api/modifications/{id}/approve", "/api/modifications/{id}/reject"
HISTORY, REGENERATE = "/api/projects/{id}/history", "/api/projects/{id}/docs/regenerate"
FROM_TEMPLATE = "/api/projects/from-template"
NO_PROJECT, NO_MODIFICATION, NO_TEMPLATE = "proj_20260101_000000", "mod_20260101_000000", "tmpl_20260101_000000"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    with running(monkeypatch) as found:
        yield found


def asked(app: Application, project: str, **more: Any) -> str:
    body = {"request": "add a cart", "requested_by": "ada", **more}
    return app.call("POST", "/api/projects/{id}/modify", project, body)[1]["id"]


def waiting(app: Application, project: str = "") -> str:
    """Ask for a modification that somebody must approve."""
    return asked(app, project or a_project(app), needs_approval=True)


def state(app: Application, modification: str) -> str:
    return app.call("GET", "/api/modifications/{id}", modification)[1]["status"]


def everything(app: Application) -> list[Any]:
    found = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return sorted((item["PK"]["S"], item["SK"]["S"]) for item in found)


def refuse(*_: Any, **__: Any) -> None:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "arn:aws:iam::1:role/x may not"}}, "SendMessage")


# Decisions.


def test_a_modification_that_needs_approval_waits_for_it_and_is_worked_on_then(app: Application) -> None:
    made = waiting(app)
    assert (app.waiting("pm"), state(app, made)) == ([], "pending")
    status, answer = app.call("POST", APPROVE, made)
    assert (status, answer["status"]) == (202, "approved")
    assert [app.work(queue) for queue in ("pm", "dev", "qa", "ops")] == [[], [], [], []]
    found = app.call("GET", "/api/modifications/{id}", made)[1]
    assert (found["status"], found["applied_at"] > found["requested_at"]) == ("applied", True)


def test_a_rejected_modification_is_never_worked_on(app: Application) -> None:
    made = waiting(app)
    assert [app.call("POST", REJECT, made)[0] for _ in range(2)] == [200, 200]
    assert (app.waiting("pm"), state(app, made)) == ([], "rejected")


def test_a_modification_that_was_rejected_before_its_message_came_is_left_alone(app: Application) -> None:
    made = asked(app, a_project(app))
    assert app.call("POST", REJECT, made)[0] == 200
    assert (app.work("pm"), app.waiting("dev"), state(app, made)) == ([], [], "rejected")


def test_an_approval_that_is_repeated_asks_for_the_same_work(app: Application) -> None:
    made = waiting(app)
    assert [app.call("POST", APPROVE, made)[0] for _ in range(2)] == [202, 202]
    first, second = (message["Body"] for message in app.waiting("pm"))
    assert first == second
    assert json.loads(first)["modification_id"] == made


@pytest.mark.parametrize(
    ("decision", "wanted"), [(APPROVE, "approved"), (REJECT, "rejected")], ids=["approve", "reject"]
)
@pytest.mark.parametrize("before", ["in_progress", "applied", "failed", "cancelled"])
def test_what_is_under_way_or_done_cannot_be_decided_on(
    app: Application, decision: str, wanted: str, before: str
) -> None:
    made = waiting(app)
    found = work.store().modification(made)
    steps = [before] if before in ("in_progress", "cancelled") else ["in_progress", before]
    for step in steps:
        found = work.store().update_modification(found, status=step)
    status, answer = app.call("POST", decision, made)
    assert (status, answer["error"]) == (
        409,
        {"code": "Conflict", "message": f"a modification that is {before} cannot become {wanted}"},
    )
    assert (app.waiting("pm"), state(app, made)) == ([], before)


def test_an_approved_modification_cannot_be_rejected_and_the_other_way_round(app: Application) -> None:
    project = a_project(app)
    one, other = waiting(app, project), waiting(app, project)
    app.call("POST", APPROVE, one)
    app.call("POST", REJECT, other)
    assert (app.call("POST", REJECT, one)[0], app.call("POST", APPROVE, other)[0]) == (409, 409)


def test_an_approval_whose_message_was_lost_can_be_repeated(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    made = waiting(app)
    with monkeypatch.context() as broken:
        broken.setattr(work, "send", refuse)
        assert app.call("POST", APPROVE, made) == (
            500,
            {"error": {"code": "InternalServerError", "message": "internal error"}},
        )
    assert app.call("POST", APPROVE, made)[0] == 202
    assert len(app.waiting("pm")) == 1


# History.


def test_a_history_is_the_modifications_newest_first_in_pages(app: Application) -> None:
    project = a_project(app)
    made = [waiting(app, project) for _ in range(3)]
    status, first = app.call("GET", HISTORY, project, limit="2")
    assert (status, [entry["id"] for entry in first["items"]]) == (200, [made[2], made[1]])
    assert sorted(first["items"][0]) == ["applied_at", "id", "request", "requested_at", "requested_by", "status"]
    last = app.call("GET", HISTORY, project, limit="2", cursor=first["cursor"])[1]
    assert ([entry["id"] for entry in last["items"]], last["cursor"]) == ([made[0]], None)


@pytest.mark.parametrize("resource", [HISTORY, "/api/projects/{id}/test-results", "/api/projects/{id}/files"])
def test_a_cursor_of_another_list_is_refused(app: Application, resource: str) -> None:
    one, other = a_project(app), a_project(app)
    for _ in range(2):
        waiting(app, other)
    cursor = app.call("GET", HISTORY, other, limit="1")[1]["cursor"]
    assert app.call("GET", resource, one, cursor=cursor)[0] == 400
    if resource != HISTORY:
        assert app.call("GET", resource, other, cursor=cursor)[0] == 400
    assert app.call("GET", HISTORY, one, cursor="?")[1]["error"]["message"] == "bad cursor"


# Projects of templates.


def a_template(app: Application, **more: Any) -> str:
    body = {
        "name": "service",
        "description": "",
        "category": "web",
        "required_vars": ["name"],
        "optional_vars": ["port"],
        "tech_stack": ["flask"],
        "files": {"main.py": "NAME = '{{ name }}'\nPORT = {{port}}\nKEPT = '{{ other }}'\n", "LICENSE": "{{"},
        **more,
    }
    return app.call("POST", "/api/templates", body=body)[1]["id"]


def test_a_project_of_a_template_has_its_files_with_the_variables_put_in(app: Application) -> None:
    body = {
        "template_id": a_template(app),
        "name": "shop",
        "owner_id": "ada",
        "variables": {"name": "{{ port }}", "port": "80"},
    }
    status, made = app.call("POST", FROM_TEMPLATE, body=body)
    assert (status, made["type"], made["dependencies"]) == (201, "web_app", ["flask"])
    files = app.call("GET", "/api/projects/{id}/files", made["id"])[1]["items"]
    assert {file["path"]: file["content"] for file in files} == {
        "LICENSE": "{{",
        "main.py": "NAME = '{{ port }}'\nPORT = 80\nKEPT = '{{ other }}'\n",
    }


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"template_id": NO_TEMPLATE}, 404, f"no such item: {NO_TEMPLATE}"),
        ({"template_id": NO_PROJECT}, 400, "not an id of the form tmpl_"),
        ({"template_id": 7}, 400, "not an id of the form tmpl_"),
        ({"variables": {}}, 400, "variables: name missing"),
        ({"variables": {"name": "x", "nam": "y"}}, 400, "variables: nam: not of this template; known: name, port"),
        ({"variables": {"name": 3}}, 400, "variables.name: a text is needed, not int"),
        ({"variables": []}, 400, "variables: an object of texts by name is needed"),
        ({"variables": {"name": "x" * 10_001}}, 400, "variables.name: 10,001 bytes, more than 10,000"),
        ({"type": "api"}, 400, "type: not a field of this request"),
    ],
)
def test_a_project_of_a_template_is_refused_in_one_line(
    app: Application, changes: dict[str, Any], status: int, message: str
) -> None:
    good = {"template_id": a_template(app), "name": "shop", "owner_id": "ada", "variables": {"name": "x"}}
    before = everything(app)
    found, answer = app.call("POST", FROM_TEMPLATE, body={**good, **changes})
    assert (found, answer["error"]["message"][: len(message)]) == (status, message)
    assert everything(app) == before


def test_a_template_that_variables_would_blow_up_is_refused(app: Application) -> None:
    template = a_template(app, files={"a.txt": "{{name}}" * 1_000})
    body = {"template_id": template, "name": "shop", "owner_id": "ada", "variables": {"name": "x" * 10_000}}
    found, answer = app.call("POST", FROM_TEMPLATE, body=body)
    assert (found, answer["error"]["message"]) == (400, "variables: a.txt would grow beyond 5,000,000 characters")


# Documents.


def test_documents_are_written_by_the_workers_and_served(app: Application) -> None:
    project = a_project(app)
    source = 'def main(port: int = 80) -> None:\n    """Serve *it*."""\n\n\ndef _own(): ...\n'
    work.store().save_project_files(project, [File(path="main.py", content=source), File(path="b.py", content="(")])
    assert app.call("GET", "/api/projects/{id}/docs/readme", project)[0] == 404
    assert app.call("POST", REGENERATE, project)[0] == 202
    messages = app.waiting("pm")
    assert app.work("pm", messages) == app.work("pm", messages) == []
    assert (app.work("dev"), app.waiting("qa")) == ([], [])
    shown = {name: app.call("GET", f"/api/projects/{{id}}/docs/{name}", project) for name in documents.PATHS}
    assert {name: status for name, (status, _) in shown.items()} == dict.fromkeys(documents.PATHS, 200)
    assert shown["api"][1] == {
        "path": "docs/api.md",
        "kind": "text",
        "content": "# Interfaces of shop\n\n## b.py\n\n- Cannot be read as Python.\n\n"
        "## main.py\n\n- main(port: int=80): Serve \\*it\\*.\n",
    }
    assert "- python main.py\n" in shown["user-guide"][1]["content"]
    listed = app.call("GET", "/api/projects/{id}/docs", project)[1]["items"]
    assert [file["path"] for file in listed] == ["README.md", "docs/api.md", "docs/user-guide.md"]


def test_documents_tell_names_of_variables_and_not_their_values(app: Application) -> None:
    body = {"name": "a\n# b", "type": "api", "owner_id": "ada", "environment_vars": {"KEY": "secret"}}
    project = work.store().create_project(**body)
    written = "".join(file.content for file in documents.write(project, []))
    assert ("KEY" in written, "secret" in written) == (True, False)
    assert written.startswith("# a \\# b\n")


# Requests that are wrong.


@pytest.mark.parametrize(
    ("method", "resource", "id", "message"),
    [
        ("GET", HISTORY, NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("GET", "/api/projects/{id}/modifications", NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("GET", "/api/projects/{id}/files", NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("GET", "/api/projects/{id}/test-results", NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("GET", "/api/projects/{id}/docs", NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("GET", "/api/projects/{id}/docs/readme", NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("GET", "/api/projects/{id}/docs/api", NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("GET", "/api/projects/{id}/docs/user-guide", NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("POST", REGENERATE, NO_PROJECT, f"no such item: {NO_PROJECT}"),
        ("POST", APPROVE, NO_MODIFICATION, f"no such modification: {NO_MODIFICATION}"),
        ("POST", REJECT, NO_MODIFICATION, f"no such modification: {NO_MODIFICATION}"),
    ],
)
def test_what_does_not_exist_is_not_found(app: Application, method: str, resource: str, id: str, message: str) -> None:
    assert app.call(method, resource, id) == (404, {"error": {"code": "NotFound", "message": message}})
    assert app.call(method, resource, "../x")[0] == 400


@pytest.mark.parametrize("resource", [APPROVE, REJECT, REGENERATE])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "the body must be a JSON object"),
        ([], "the body must be a JSON object"),
        ({"a": 1}, "a: not a field of this request; it has none"),
    ],
)
def test_a_body_where_none_belongs_is_refused(app: Application, resource: str, body: Any, message: str) -> None:
    project = a_project(app)
    made = waiting(app, project)
    id = project if resource == REGENERATE else made
    status, answer = app.call("POST", resource, id, body)
    assert (status, answer["error"]["message"]) == (400, message)
    assert (app.waiting("pm"), state(app, made)) == ([], "pending")


@pytest.mark.parametrize(
    ("resource", "body", "message"),
    [
        ("/api/projects", {"name": "x", "type": "api"}, "owner_id: missing"),
        (
            "/api/projects",
            {"name": "x", "type": "api", "owner_id": "a", "requirements": 3},
            "request: a text is needed",
        ),
        (
            "/api/projects",
            {"name": "x", "type": "api", "owner_id": "a", "requirements": "ä" * 50_001},
            "request: more than 100,000 bytes",
        ),
        ("/api/projects/{id}/modify", {"request": "x"}, "requested_by: missing"),
        ("/api/projects/{id}/modify", {"request": 3, "requested_by": "a"}, "request: a text is needed, not int"),
        (
            "/api/projects/{id}/modify",
            {"request": "x", "requested_by": "a", "needs_approval": "yes"},
            "needs_approval: true or false is needed",
        ),
        ("/api/templates", {"name": "x", "category": "api"}, "description: missing"),
        (FROM_TEMPLATE, {}, "template_id, name, owner_id: missing"),
    ],
)
def test_a_refused_request_leaves_nothing(app: Application, resource: str, body: Any, message: str) -> None:
    project = a_project(app)
    before = everything(app)
    status, answer = app.call("POST", resource, project if "{id}" in resource else "", body)
    assert (status, answer["error"]["message"]) == (400, message)
    assert (everything(app), app.waiting("pm")) == (before, [])


# What failures leave, and tell.


def test_a_project_whose_work_no_queue_takes_is_not_made(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "send", refuse)
    body = {"name": "x", "type": "api", "owner_id": "a", "requirements": "a shop"}
    status, answer = app.call("POST", "/api/projects", body=body)
    assert (status, answer["error"]["message"], everything(app)) == (500, "internal error", [])


def test_a_modification_whose_work_no_queue_takes_is_cancelled(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_project(app)
    monkeypatch.setattr(work, "send", refuse)
    assert app.call("POST", "/api/projects/{id}/modify", project, {"request": "x", "requested_by": "a"})[0] == 500
    [left] = app.call("GET", HISTORY, project)[1]["items"]
    assert left["status"] == "cancelled"


@pytest.mark.parametrize(
    ("failure", "status", "message"),
    [
        (StoreError("GetItem: AccessDenied: arn:aws:iam::1:role/x may not"), 500, "internal error"),
        (Busy("GetItem still throttles"), 503, "busy; try again later"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "arn"}}, "GetItem"), 500, "internal error"),
    ],
)
def test_what_fails_inside_is_logged_and_not_told(
    app: Application,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: Exception,
    status: int,
    message: str,
) -> None:
    def store() -> Any:
        raise failure

    monkeypatch.setattr(work, "store", store)
    found, answer = app.call("GET", "/api/projects/{id}", NO_PROJECT)
    assert (found, answer["error"]["message"]) == (status, message)
    assert str(failure) in "".join(json.loads(line).get("stack", "") for line in capsys.readouterr().out.splitlines())


def test_every_answer_may_be_read_by_pages_of_the_allowed_origin(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOWED_ORIGIN", "https://app.example.com")
    call = app.modules["api_handler"].handler
    project = a_project(app)
    for method, resource, id, status in (
        ("GET", "/health", "", 200),
        ("GET", "/api/projects/{id}", NO_PROJECT, 404),
        ("GET", "/api/projects/{id}", "x", 400),
        ("DELETE", "/api/projects/{id}", project, 204),
    ):
        answer = call({"httpMethod": method, "resource": resource, "pathParameters": {"id": id}}, None)
        assert (answer["statusCode"], answer["headers"]["Access-Control-Allow-Origin"]) == (
            status,
            "https://app.example.com",
        )


def test_a_worker_reads_a_modification_that_no_index_knows_yet(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked(app, a_project(app))
    page = work.table().page

    def behind(index: str | None, *args: Any, **more: Any) -> Any:
        return ([], None) if index else page(index, *args, **more)

    with monkeypatch.context() as late:
        late.setattr(work.table(), "page", behind)
        assert [app.work(queue) for queue in ("pm", "dev", "qa")] == [[], [], []]
    assert state(app, made) == "applied"
