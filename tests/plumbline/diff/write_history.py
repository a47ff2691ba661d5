"""Write the comments that tests/plumbline/diff/test_history.py expects: `python -m tests.plumbline.diff.write_history`.

Read what `git diff` shows of them afterwards: they are what reviewers see.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.plumbline.diff import test_history
from tests.plumbline.diff.history import CHANGES
from tests.plumbline.diff.repository import Repository


def main() -> None:
    """Write all files, and delete those of changes that are gone."""
    test_history.EXPECTED.mkdir(exist_ok=True)
    for path in test_history.EXPECTED.glob("*.md"):
        path.unlink()
    with tempfile.TemporaryDirectory() as folder:
        shop = Repository(Path(folder, "shop"))
        for name in CHANGES:
            comment = test_history.comment(test_history.made(shop, name))
            (test_history.EXPECTED / f"{name}.md").write_text(comment, encoding="utf-8")


if __name__ == "__main__":
    main()
