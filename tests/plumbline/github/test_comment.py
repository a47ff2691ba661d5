"""The comment of a pull request: one, edited in place, never longer than GitHub takes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline.diff import report
from plumbline.github import comment
from plumbline.github.__main__ import main
from plumbline.github.api import BOT, MOST_BYTES, Refused, Repository, shortened
from tests.evaluations import ROOT
from tests.plumbline.github.fake import NAME, RUN, TOKEN, Fake, listening

WHOLE = f"The whole report is among the [artifacts of this run]({RUN}#artifacts)."


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with listening() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        yield fake


def files(folder: Path, said: str, errors: str = "") -> list[str]:
    (folder / "report.md").write_text(said, encoding="utf-8")
    (folder / "errors.txt").write_text(errors, encoding="utf-8")
    return ["comment", "5", str(folder / "report.md"), "--errors", str(folder / "errors.txt")]


def bodies(fake: Fake) -> list[str]:
    return [row["body"] for row in fake.comments]


def test_the_mark_is_the_one_of_the_report() -> None:
    assert comment.MARK == report.MARK


def test_the_first_run_comments_and_the_next_one_edits(
    github: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(files(tmp_path, f"{comment.MARK}\nfirst\n")) == 0
    assert main(files(tmp_path, f"{comment.MARK}\nsecond\n")) == 0
    assert bodies(github) == [f"{comment.MARK}\nsecond\n\n{WHOLE}\n"]
    assert github.asked == [
        "GET issues/5/comments", "POST issues/5/comments", "GET issues/5/comments", "PATCH issues/comments/1",
    ]  # fmt: skip
    assert capsys.readouterr().out == "https://github.example/1\nhttps://github.example/1\n"


def test_comments_of_others_stay_whatever_they_begin_with_and_all_pages_are_read(github: Fake, tmp_path: Path) -> None:
    others = [
        {"id": 1, "user": {"login": "somebody"}, "body": f"{comment.MARK}\nmine"},
        {"id": 2, "user": {"login": BOT}, "body": f"said: {comment.MARK}"},
        {"id": 3, "user": {"login": BOT}, "body": "<!-- other -->"},
        {"id": 4, "user": {"login": "somebody"}, "body": "looks good"},
    ]
    github.comments += [*map(dict, others), {"id": 5, "user": {"login": BOT}, "body": f"{comment.MARK}\nold"}]
    assert main(files(tmp_path, f"{comment.MARK}\nnew\n")) == 0
    assert github.comments[:4] == others
    assert bodies(github)[4:] == [f"{comment.MARK}\nnew\n\n{WHOLE}\n"]
    assert github.asked == ["GET issues/5/comments"] * 3 + ["PATCH issues/comments/5"]


def test_what_could_not_be_compared_says_why(github: Fake, tmp_path: Path) -> None:
    errors = "error revision 'HEAD^1' is not known\n\nerror ```\n" + "more\n" * 60
    assert main(files(tmp_path, "", errors)) == 0
    lines = ["error revision 'HEAD^1' is not known", "error '''", *["more"] * 48, "… 12 more lines"]
    head = [comment.MARK, "### Plumbline: the revisions could not be compared", "", "```"]
    assert bodies(github) == ["\n".join([*head, *lines, "```", "", f"See [the run]({RUN}).", ""])]


def test_a_run_that_left_nothing_is_told(github: Fake, tmp_path: Path) -> None:
    assert main(["comment", "5", str(tmp_path / "none.md"), "--errors", str(tmp_path / "none.txt")]) == 0
    assert "nothing was said; see the log" in bodies(github)[0]


def test_what_is_no_report_is_not_written(github: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(files(tmp_path, "# buy here\n")) == 2
    assert capsys.readouterr().err == "github: the comment does not begin with <!-- plumbline: diff -->\n"
    assert github.asked == []


@pytest.mark.parametrize(
    ("refusal", "line"),
    [
        ((403, '{"message": "Not for\\nthis token"}', {}), "403 Not for this token"),
        ((502, "<html>", {}), "502 Bad Gateway"),
        ((200, "<html>", {}), "the answer is no JSON"),
        ((302, "", {"Location": "http://127.0.0.1:1/elsewhere"}), "302 Found"),
        (
            (200, "[]", {"Link": '<http://127.0.0.1:1/next>; rel="next"'}),
            "the next page is not of {url}",
        ),
    ],
)  # fmt: skip
def test_what_github_refuses_is_one_line(
    github: Fake,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    refusal: tuple[int, str, dict[str, str]],
    line: str,
) -> None:
    github.refusal = refusal
    assert main(files(tmp_path, f"{comment.MARK}\n")) == 2
    asked = f"GET {github.url}/repos/{NAME}/issues/5/comments"
    assert capsys.readouterr().err == f"github: {asked}: {line.format(url=github.url)}\n"
    assert len(github.asked) == 1 and github.comments == []


def test_an_answer_of_another_shape_is_one_line(
    github: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.refusal = (200, "{}", {})
    assert main(files(tmp_path, f"{comment.MARK}\n")) == 2
    assert capsys.readouterr().err == "github: GET issues/5/comments: no list answered\n"


def test_a_github_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with listening() as fake:
        gone = fake.repository
    with pytest.raises(Refused) as told:
        comment.comment(gone, 5, comment.MARK)
    assert len(told.value.lines) == 1 and "refused" in told.value.lines[0]


def test_a_run_without_its_variables_is_told_what_is_missing() -> None:
    with pytest.raises(Refused) as told:
        Repository.of({})
    assert told.value.lines == ("GITHUB_REPOSITORY is not set", "GITHUB_TOKEN is not set")
    with pytest.raises(Refused) as told:
        Repository.of({"GITHUB_REPOSITORY": "../../other", "GITHUB_TOKEN": TOKEN})
    assert told.value.lines == ("GITHUB_REPOSITORY: '../../other' given; allowed: OWNER/NAME",)
    assert TOKEN not in repr(Repository(NAME, TOKEN))


@pytest.mark.parametrize("number", ["0", "-1", "x", "1/../2", "²"])
def test_only_numbers_are_pull_requests(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["comment", number, "report.md", "--errors", "errors.txt"])
    assert ended.value.code == 2 and f"{number!r} is no number of a pull request" in capsys.readouterr().err


def test_commenting_needs_the_standard_library_alone(github: Fake, tmp_path: Path) -> None:
    arguments = files(tmp_path, f"{comment.MARK}\nfirst\n")
    # Without site-packages, as in the job that has installed nothing.
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, sys.argv.pop(1)); "
               "from plumbline.github.__main__ import main; sys.exit(main())", str(ROOT), *arguments]  # fmt: skip
    environment = {**os.environ, **github.environment}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(github.comments) == 1


# What does not fit.


def folded(name: str, count: int) -> list[str]:
    return [f"<details><summary>{name}</summary>", "", *["- row"] * count, "", "</details>"]


def test_what_fits_stays_as_it_is() -> None:
    assert shortened("short\n", "Elsewhere.") == "short\n"


def test_what_is_folded_goes_first_from_the_end() -> None:
    body = "\n".join([comment.MARK, *folded("first", 5), "in sight", *folded("last", 30), "end"]) + "\n"
    expected = [
        comment.MARK,
        *folded("first", 5),
        "in sight",
        "end",
        "",
        "> 34 more lines do not fit here. Elsewhere.",
        "",
    ]
    assert shortened(body, "Elsewhere.", 220) == "\n".join(expected)


def test_then_lines_go_and_an_open_fence_is_closed() -> None:
    body = "\n".join([comment.MARK, "```", *["0123456789"] * 30, "```"])
    short = shortened(body, "Elsewhere.", 200)
    assert short.splitlines() == [
        comment.MARK, "```", *["0123456789"] * 11, "```", "", "> 20 more lines do not fit here. Elsewhere.",
    ]  # fmt: skip


@pytest.mark.parametrize("letter", ["x", "→", "🌈"])
def test_a_large_report_fits_however_github_counts(github: Fake, tmp_path: Path, letter: str) -> None:
    rows = [letter * 200 for _ in range(2000)]
    said = "\n".join([comment.MARK, "### Plumbline", *rows, *folded("updates", 9000)])
    assert main(files(tmp_path, said)) == 0
    [body] = bodies(github)
    assert len(body.encode()) <= MOST_BYTES and len(body.encode()) > MOST_BYTES - 1200
    assert body.startswith(f"{comment.MARK}\n### Plumbline\n{letter * 200}\n")
    assert body.endswith(f"more lines do not fit here. {WHOLE}\n") and "<details>" not in body
