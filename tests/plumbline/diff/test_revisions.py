"""Wrong input of `diff`: one line each, status 2, and nothing left behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from plumbline.__main__ import main
from plumbline.diff import revisions
from plumbline.project import UserError
from tests.plumbline.diff.history import CHANGES, PROGRAM
from tests.plumbline.diff.repository import Repository, git


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("revisions") / "shop")
    git(made.folder, "tag", "v1")
    return made


def said(capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Return what `diff` says of wrong input."""
    monkeypatch.chdir(folder)
    assert main(["diff", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_an_unknown_revision(
    shop: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(capsys, shop.folder, monkeypatch, "mian") == (
        "error revision 'mian' is not known (did you mean main?)\n"
    )
    assert said(capsys, shop.folder, monkeypatch, "main", "--", "--all") == "error revision '--all' is not known\n"


def test_a_dirty_tree(shop: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("notes.txt", "later")
    try:
        line = said(capsys, shop.folder, monkeypatch, "v1")
    finally:
        (shop.folder / "notes.txt").unlink()
    assert line == (
        "error 1 file is not committed, and only commits are compared: commit or stash, or name HEAD to leave them "
        "out\n"
    )


def test_an_unknown_stack(
    shop: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = said(capsys, shop.folder, monkeypatch, "v1", "HEAD", "--stack", "life", "--stack", "x")
    assert line == (
        "error stack 'life' is in neither revision (did you mean live?); known: live\n"
        "error stack 'x' is in neither revision; known: live\n"
    )


def test_no_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    line = said(capsys, tmp_path, monkeypatch, "main")
    assert line == f"error {tmp_path}: not in a git repository, and only commits can be compared\n"


def test_no_git(shop: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(shop.folder))
    line = said(capsys, shop.folder, monkeypatch, "main")
    assert line == "error git is not on PATH, and without it no revisions can be compared\n"


def test_a_shallow_clone(
    shop: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.edit(PROGRAM, "def build(", "# More.\ndef build(")
    shop.commit("More")
    try:
        git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{shop.folder}", "clone")
    finally:
        git(shop.folder, "reset", "--quiet", "--hard", shop.first)
    line = said(capsys, tmp_path / "clone", monkeypatch, "HEAD~1")
    assert line == (
        "error revision 'HEAD~1' is not known; this clone is shallow: fetch what is missing (git fetch --unshallow, or "
        "fetch-depth: 0 in a workflow)\n"
    )


def test_wrong_approvals_are_told_before_anything_is_evaluated(
    shop: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(
        "approvals.yaml", 'approvals:\n- {stack: live, resource: orders, action: drop, expires: "soon", by: me}\n'
    )
    commit = shop.commit("Wrong approvals")
    git(shop.folder, "reset", "--quiet", "--hard", shop.first)
    assert said(capsys, shop.folder, monkeypatch, "v1", commit).splitlines() == [
        "error approvals.yaml: approvals[0].by: not known; allowed: stack, resource, action, reason, owner, expires",
        "error approvals.yaml: approvals[0].resource: 'orders' given; allowed: a URN, or TYPE::NAME "
        "(aws:s3/bucket:Bucket::audit)",
        "error approvals.yaml: approvals[0].action: 'drop' given; allowed: delete, replace",
        "error approvals.yaml: approvals[0].reason: None given; allowed: a text",
        "error approvals.yaml: approvals[0].owner: None given; allowed: a text",
        "error approvals.yaml: approvals[0].expires: 'soon' given; allowed: the last day, as in 2027-01-31",
    ]


def test_working_trees_are_gone_whatever_happens(shop: Repository) -> None:
    revision = revisions.find(shop.folder, "v1")
    folders: list[Path] = []

    def interrupted() -> None:
        with revisions.checked_out(shop.folder, [revision]) as found:
            folders.extend(found.values())
            assert (folders[0] / PROGRAM).is_file()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not folders[0].exists()
    assert git(shop.folder, "worktree", "list").count("\n") == 0


def test_a_project_below_the_repositorys_top(tmp_path: Path) -> None:
    folder = tmp_path / "infrastructure"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: x\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    revision = revisions.find(folder, "HEAD")
    with revisions.checked_out(folder, [revision]) as found:
        assert (found[revision.commit] / "Pulumi.yaml").is_file()
    assert revisions.text(folder, revision, "Pulumi.yaml") == "name: x"
    assert revisions.text(folder, revision, "missing.yaml") is None


def test_hooks_of_git_do_not_lead_elsewhere(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert revisions.find(shop.folder, "v1").commit == shop.first


def test_a_failing_git_is_one_line(shop: Repository) -> None:
    gone = revisions.Revision("gone", "0" * 40, "0" * 40)
    with pytest.raises(UserError, match=r"^git -c: .*0000000"), revisions.checked_out(shop.folder, [gone]):
        pass


def test_every_change_starts_from_the_shop(shop: Repository) -> None:
    for change in CHANGES.values():
        change(shop)
        assert subprocess.run(["git", "diff", "--quiet"], cwd=shop.folder).returncode or git(
            shop.folder, "status", "--porcelain"
        )
        git(shop.folder, "reset", "--quiet", "--hard")
        git(shop.folder, "clean", "--quiet", "--force")
