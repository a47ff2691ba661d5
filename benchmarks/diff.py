"""Measures a diff of two revisions, of all stacks, against evaluating all stacks of both, one after another.

Both sides run the same commands in processes of their own; the diff runs as many at a time as there are cores, and
compares what they give. Usage: python -m benchmarks.diff [BASE [HEAD]]
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from plumbline.diff import compared, revisions
from plumbline.project import Project

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def silent(count: int) -> Iterator[Callable[[], None]]:
    yield lambda: None


def evaluations(base: revisions.Revision, head: revisions.Revision) -> tuple[float, int]:
    """Preview every stack of both revisions, and return the seconds and the number of previews."""
    count, seconds = 0, 0.0
    with revisions.checked_out(ROOT, (base, head)) as folders:
        for folder in folders.values():
            for stack in Project(folder).stacks():
                command = (sys.executable, "-m", "plumbline", "preview", stack, "--format", "json")
                started = time.perf_counter()
                subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                seconds += time.perf_counter() - started
                count += 1
    return seconds, count


def diff(base: str, head: str) -> tuple[float, compared.Diff]:
    """Compare the revisions, and return the seconds with what was found."""
    started = time.perf_counter()
    found = compared.compare(Project(ROOT), base, head, (), datetime.datetime.now(datetime.UTC).date(), silent)
    return time.perf_counter() - started, found


def main() -> None:
    """Print the table and the ratios."""
    base_name, head_name = [*sys.argv[1:3], *("HEAD~1", "HEAD")[len(sys.argv) - 1 :]][:2]
    base, head = revisions.find(ROOT, base_name), revisions.find(ROOT, head_name)
    shutil.rmtree(ROOT / ".plumbline" / "revisions", ignore_errors=True)
    apart, count = evaluations(base, head)
    together, found = diff(base_name, head_name)
    again, _ = diff(base_name, head_name)
    print(f"{base.short} to {head.short}: {len(found.stacks)} stacks, {count} previews")
    print(f"{'previews one after another':<28}{apart:8.1f} s")
    print(f"{'diff':<28}{together:8.1f} s{together / apart:8.2f} times")
    print(f"{'diff again, from what is kept':<28}{again:7.1f} s{again / apart:8.2f} times")


if __name__ == "__main__":
    main()
