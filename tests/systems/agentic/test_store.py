"""The ten access patterns of the agentic application on its table, and what keeps them whole under faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from agenticai_shared import keys
from agenticai_shared.errors import Busy, Conflict, Invalid, NotFound, TooLarge
from agenticai_shared.models import File
from botocore.exceptions import EndpointConnectionError

from tests.systems.agentic.rig import START, TABLE, Rig, refused, rig

PROJECT: dict[str, Any] = {"name": "Shop", "type": "web_app", "owner_id": "ada"}
TEMPLATE: dict[str, Any] = {"name": "Start", "description": "A start", "category": "api"}
LARGE = "x" * 400_000


@pytest.fixture
def made() -> Iterator[Rig]:
    with rig() as result:
        yield result


def all_pages(method: Any, *arguments: Any, limit: int) -> list[list[Any]]:
    pages, cursor = [], None
    while True:
        page = method(*arguments, limit=limit, cursor=cursor)
        pages.append(list(page.items))
        if (cursor := page.cursor) is None:
            return pages


# The access patterns


def test_project_is_read_by_its_id_as_it_was_made(made: Rig) -> None:
    fields = {
        "environment_vars": {"LEVEL": 1, "RATE": 0.1, "deep": [None, True, {"a": ""}]},
        "dependencies": ["a", "b"],
    }
    project = made.store.create_project(**PROJECT, **fields, test_coverage=0.25)
    assert made.store.project(project.id) == project
    assert (project.test_coverage, project.environment_vars["RATE"]) == (Decimal("0.25"), Decimal("0.1"))


def test_project_item_has_the_keys_of_the_document(made: Rig) -> None:
    project = made.store.create_project(**PROJECT)
    item = made.items()[f"PROJECT#{project.id}", "METADATA"]
    assert {name: value for name, value in item.items() if name.startswith("GSI")} == {
        "GSI1PK": "OWNER#ada",
        "GSI1SK": "PROJECT#2026-01-31T12:00:01.123456Z",
        "GSI2PK": "STATUS#active",
        "GSI2SK": f"PROJECT#{project.id}",
    }


def test_projects_of_an_owner_come_newest_first_page_by_page(made: Rig) -> None:
    mine = [made.store.create_project(**PROJECT).id for _ in range(5)]
    made.store.create_project(**PROJECT | {"owner_id": "bob"})
    pages = all_pages(made.store.projects_by_owner, "ada", limit=2)
    assert [[project.id for project in page] for page in pages] == [mine[4:2:-1], mine[2:0:-1], mine[:1]]


def test_projects_by_status_follow_a_change_of_status(made: Rig) -> None:
    first, second = (made.store.create_project(**PROJECT) for _ in range(2))
    archived = made.store.update_project(first, status="archived")
    assert made.store.projects_by_status("archived").items == (archived,)
    assert made.store.projects_by_status("active").items == (second,)


def test_files_of_a_project_come_by_path_page_by_page(made: Rig) -> None:
    files = [File(path=f"src/{letter}.py", content=letter) for letter in "abc"]
    project = made.store.create_project(**PROJECT, files=reversed(files))
    assert all_pages(made.store.project_files, project.id, limit=2) == [files[:2], files[2:]]


def test_modification_is_found_by_id_by_project_and_by_status(made: Rig) -> None:
    project = made.store.create_project(**PROJECT)
    first, second = (made.store.create_modification(project.id, request="add", requested_by="ada") for _ in range(2))
    begun = made.store.update_modification(first, status="in_progress")
    assert made.store.modification(first.id) == begun
    assert made.store.modifications_of(project.id).items == (second, begun)
    assert made.store.modifications_by_status("in_progress").items == (begun,)
    assert made.store.modifications_by_status("pending").items == (second,)


def test_template_is_found_by_id_category_and_tag(made: Rig) -> None:
    first, second = (made.store.create_template(**TEMPLATE, tags=tags) for tags in (["x", "y"], ["y"]))
    assert made.store.template(first.id) == first
    assert made.store.templates_by_category("api").items == (second, first)
    assert made.store.templates_by_tag("x").items == (first,)
    assert all_pages(made.store.templates_by_tag, "y", limit=1) == [[second], [first]]


def test_tags_of_a_template_change_with_it(made: Rig) -> None:
    template = made.store.create_template(**TEMPLATE, tags=["old", "kept"])
    changed = made.store.update_template(template, tags=["kept", "new"])
    listed = {tag: made.store.templates_by_tag(tag).items for tag in ("old", "kept", "new")}
    assert listed == {"old": (), "kept": (changed,), "new": (changed,)}


# Conditions


def test_two_projects_made_in_one_second_have_ids_of_their_own(made: Rig) -> None:
    made.store._now = lambda: START
    first, second = (made.store.create_project(**PROJECT).id for _ in range(2))
    assert first != second
    assert first.rpartition("_")[0] == second.rpartition("_")[0] == "proj_20260131_120000_123456"


def test_existing_project_is_not_overwritten(made: Rig) -> None:
    project = made.store.create_project(**PROJECT, files=[File(path="a", content="mine")])
    with pytest.raises(Conflict, match="exists already"):
        made.store.create_project(**PROJECT, id=project.id, files=[File(path="a", content="theirs")])
    assert made.store.project_files(project.id).items == (File(path="a", content="mine"),)


def test_change_of_an_outdated_project_is_refused(made: Rig) -> None:
    project = made.store.create_project(**PROJECT)
    newer = made.store.update_project(project, name="Newer")
    with pytest.raises(Conflict, match="by somebody else"):
        made.store.update_project(project, name="Older")
    assert made.store.project(project.id) == newer
    assert newer.version == 2


def test_outdated_template_loses_no_tag(made: Rig) -> None:
    template = made.store.create_template(**TEMPLATE, tags=["a"])
    newer = made.store.update_template(template, name="Newer")
    with pytest.raises(Conflict, match="by somebody else"):
        made.store.update_template(template, tags=["b"])
    assert (made.store.templates_by_tag("a").items, made.store.templates_by_tag("b").items) == ((newer,), ())


def test_modification_of_no_project_is_refused(made: Rig) -> None:
    with pytest.raises(NotFound, match="no such project"):
        made.store.create_modification("proj_20260131_120000", request="add", requested_by="ada")
    assert made.items() == {}


def test_modification_that_was_applied_cannot_be_cancelled(made: Rig) -> None:
    project = made.store.create_project(**PROJECT)
    asked = made.store.create_modification(project.id, request="add", requested_by="ada")
    done = made.store.update_modification(
        made.store.update_modification(asked, status="in_progress"), status="completed"
    )
    assert done.status == "applied"
    with pytest.raises(Conflict, match="applied cannot become cancelled"):
        made.store.update_modification(done, status="cancelled")


def test_deleted_project_takes_along_all_below_it(made: Rig) -> None:
    files = [File(path=f"{number}", content="x") for number in range(30)] + [File(path="large", content=LARGE)]
    project = made.store.create_project(**PROJECT, files=files)
    made.store.create_modification(project.id, request="add", requested_by="ada")
    other = made.store.create_project(**PROJECT, files=[File(path="large", content=LARGE)])
    made.store.delete_project(project.id)
    assert {key for key, _ in made.items()} == {f"PROJECT#{other.id}"}
    assert [name.split("/")[2] for name in made.objects()] == [other.id]
    with pytest.raises(NotFound):
        made.store.project(project.id)


def test_interrupted_delete_is_out_of_sight_and_can_be_repeated(made: Rig) -> None:
    project = made.store.create_project(**PROJECT, files=[File(path="a", content="x")])
    made.dynamodb.order("batch_write_item", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        made.store.delete_project(project.id)
    assert made.store.projects_by_owner("ada").items == ()
    with pytest.raises(NotFound):
        made.store.create_modification(project.id, request="add", requested_by="ada")
    made.store.delete_project(project.id)
    assert made.items() == {}


# Items beyond 400 KB


def test_large_file_lies_in_s3_and_is_read_as_any_other(made: Rig) -> None:
    file = File(path="large.txt", content=LARGE)
    project = made.store.create_project(**PROJECT, files=[file])
    item = made.items()[f"PROJECT#{project.id}", "FILE#large.txt"]
    (name,) = made.objects()
    assert "content" not in item
    assert (item["s3"]["content"]["key"], item["s3"]["content"]["bytes"]) == (name, 400_002)
    assert name.startswith(f"items/projects/{project.id}/")
    assert made.store.project_files(project.id).items == (file,)


def test_large_modification_keeps_its_numbers(made: Rig) -> None:
    project = made.store.create_project(**PROJECT)
    results = {"log": LARGE, "seconds": Decimal("1.23456789012345678901234567890"), "runs": 3}
    fields = {"request": "add", "requested_by": "ada", "test_results": results}
    modification = made.store.create_modification(project.id, **fields)
    assert len(made.objects()) == 1
    assert made.store.modification(modification.id) == modification


def test_replaced_large_file_leaves_no_object_behind(made: Rig) -> None:
    project = made.store.create_project(**PROJECT, files=[File(path="a", content=LARGE)])
    made.store.save_project_files(project.id, [File(path="a", content="y" * 400_000)])
    assert list(made.objects().values()) == [b'"' + b"y" * 400_000 + b'"']
    made.store.save_project_files(project.id, [File(path="a", content="small")])
    assert made.objects() == {}


def test_item_that_cannot_be_made_small_enough_is_refused_before_anything_is_written() -> None:
    with rig(bucket=None) as made:
        with pytest.raises(TooLarge, match=r"FILE#a: more than 358,400 bytes and there is no bucket"):
            made.store.create_project(**PROJECT, files=[File(path="a", content=LARGE)])
        assert made.items() == {}


def test_refused_large_write_leaves_no_object(made: Rig) -> None:
    project = made.store.create_project(**PROJECT)
    made.store.update_project(project, name="Newer")
    with pytest.raises(Conflict):
        made.store.update_project(project, deployment_config={"all": LARGE})
    assert made.objects() == {}


def test_file_that_is_replaced_while_it_is_read_is_read_again(made: Rig) -> None:
    project = made.store.create_project(**PROJECT, files=[File(path="a", content=LARGE)])

    def replaced_first(call: Any, arguments: Any) -> Any:
        made.store.save_project_files(project.id, [File(path="a", content="new")])
        return call(**arguments)

    made.s3.order("get_object", replaced_first)
    assert made.store.project_files(project.id).items == (File(path="a", content="new"),)


# Faults


def test_throttled_call_is_repeated_with_longer_and_longer_waits(made: Rig) -> None:
    throttled = refused("ProvisionedThroughputExceededException")
    made.dynamodb.order(
        "put_item", throttled, refused("InternalServerError", 500), EndpointConnectionError(endpoint_url="x")
    )
    project = made.store.create_project(**PROJECT)
    assert made.slept == [0.05, 0.1, 0.2]
    assert made.store.project(project.id) == project


def test_call_that_stays_throttled_ends_in_one_line(made: Rig) -> None:
    made.dynamodb.order("put_item", *[refused("ThrottlingException")] * 4)
    with pytest.raises(Busy, match="4 times in a row"):
        made.store.create_project(**PROJECT)
    assert made.items() == {}


def test_error_that_no_repetition_helps_is_not_repeated(made: Rig) -> None:
    made.dynamodb.order("put_item", denied := refused("AccessDeniedException"))
    with pytest.raises(type(denied)) as caught:
        made.store.create_project(**PROJECT)
    assert (caught.value, made.slept) == (denied, [])


def test_create_whose_answer_was_lost_is_no_conflict(made: Rig) -> None:
    def lost(call: Any, arguments: Any) -> Any:
        call(**arguments)
        raise EndpointConnectionError(endpoint_url="x")

    made.dynamodb.order("put_item", lost)
    project = made.store.create_project(**PROJECT)
    assert made.store.project(project.id) == project


def test_unprocessed_items_of_a_batch_are_written_in_the_end(made: Rig) -> None:
    def half(call: Any, arguments: Any) -> Any:
        requests = arguments["RequestItems"][TABLE]
        call(RequestItems={TABLE: requests[: len(requests) // 2]})
        return {"UnprocessedItems": {TABLE: requests[len(requests) // 2 :]}}

    made.dynamodb.order("batch_write_item", half, half)
    files = [File(path=f"{number:02}", content="x") for number in range(24)]
    project = made.store.create_project(**PROJECT, files=files)
    assert all_pages(made.store.project_files, project.id, limit=100) == [files]
    assert made.slept == [0.05, 0.05]


def test_unprocessed_keys_of_a_batch_are_read_in_the_end(made: Rig) -> None:
    templates = [made.store.create_template(**TEMPLATE, tags=["t"]) for _ in range(3)]

    def one(call: Any, arguments: Any) -> Any:
        request = arguments["RequestItems"][TABLE]
        answer = call(RequestItems={TABLE: request | {"Keys": request["Keys"][:1]}})
        return answer | {"UnprocessedKeys": {TABLE: request | {"Keys": request["Keys"][1:]}}}

    made.dynamodb.order("batch_get_item", one)
    assert made.store.templates_by_tag("t").items == tuple(reversed(templates))


def test_project_whose_files_fail_is_never_seen_and_leaves_nothing(made: Rig) -> None:
    made.dynamodb.order("batch_write_item", refused("ValidationException"))
    with pytest.raises(Exception, match="ValidationException"):
        made.store.create_project(**PROJECT, files=[File(path="large", content=LARGE)])
    assert (made.items(), made.objects()) == ({}, {})


# Bad input


@pytest.mark.parametrize(
    "cursor", ["", "?", "e30", "W10", "WyJhIiwiYiIsImMiLCJkIl0", "WzEsMiwzLDRd", "\udc80", "[" * 9000]
)
def test_bad_cursor_is_refused(made: Rig, cursor: str) -> None:
    with pytest.raises(Invalid, match="bad cursor"):
        made.store.projects_by_owner("ada", cursor=cursor)


def test_cursor_of_another_list_is_refused(made: Rig) -> None:
    for _ in range(2):
        made.store.create_project(**PROJECT)
    cursor = made.store.projects_by_owner("ada", limit=1).cursor
    for method, argument in ((made.store.projects_by_owner, "bob"), (made.store.projects_by_status, "active")):
        with pytest.raises(Invalid, match="bad cursor"):
            method(argument, cursor=cursor)


@pytest.mark.parametrize("limit", [0, 101, True, "5", None, 2.0])
def test_bad_page_size_is_refused(made: Rig, limit: Any) -> None:
    with pytest.raises(Invalid, match="limit: a number from 1 to 100"):
        made.store.projects_by_owner("ada", limit=limit)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"type": "website"}, "type: 'website' is none of api, web_app"),
        ({"type": ["api"]}, "type: list is none of"),
        ({"owner_id": " "}, "owner_id: must not be empty"),
        ({"owner_id": "a" * 901}, "owner_id: 901 bytes, more than 900"),
        ({"owner_id": "a\n"}, "owner_id: holds a control character"),
        ({"name": "\ud800"}, "name: holds half a surrogate"),
        ({"test_coverage": 1.01}, "test_coverage: 1.01 is not from 0 to 1"),
        ({"test_coverage": float("nan")}, "test_coverage: nan is no number"),
        ({"environment_vars": []}, "environment_vars: a JSON object is needed, not list"),
        ({"environment_vars": {"a": {"": 1}}}, "environment_vars.a: has an empty name"),
        ({"environment_vars": {"a": 10**40 + 1}}, "environment_vars.a: a number has more than 38 digits"),
        ({"environment_vars": {"a": {1}}}, "environment_vars.a: set is not JSON"),
        ({"dependencies": "abc"}, "dependencies: a list of texts is needed, not str"),
        ({"id": "proj_2026"}, "not an id of the form proj_"),
        ({"version": 0}, "version: a number from 1"),
    ],
)
def test_wrong_value_is_refused_in_one_line(made: Rig, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as caught:
        made.store.create_project(**PROJECT | wrong)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert made.items() == {}


def test_document_nested_too_deep_is_refused(made: Rig) -> None:
    deep: Any = {}
    for _ in range(40):
        deep = {"a": deep}
    with pytest.raises(Invalid, match="deployment_config: nested deeper"):
        made.store.create_project(**PROJECT, deployment_config=deep)


@pytest.mark.parametrize(
    ("given", "kept"), [("web", "web_app"), ("mobile", "mobile_backend"), ("data", "data_pipeline")]
)
def test_type_of_the_api_reference_is_kept_as_the_database_calls_it(made: Rig, given: str, kept: str) -> None:
    assert made.store.create_project(**PROJECT | {"type": given}).type == kept


def test_times_are_kept_in_utc_and_need_a_zone(made: Rig) -> None:
    project = made.store.create_project(**PROJECT)
    with pytest.raises(Invalid, match=r"last_deployed_at: 2026-01-31T12:00:01\.123456 has no time zone"):
        made.store.update_project(project, last_deployed_at=project.created_at.replace(tzinfo=None))
    assert keys.stamp(project.created_at + timedelta(days=1)) == "2026-02-01T12:00:01.123456Z"
