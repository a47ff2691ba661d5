"""What any file of the repository must be, whatever is in it. Usage: python .ci/files.py FILE ...

Ends with 1 and one line for each mistake.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from plumbline import yaml12  # noqa: E402  # the folder of this file is no package

LARGEST = 1_000_000  # bytes; the extract of the service authorization reference has two thirds of it
_CONFLICT = re.compile(r"^(<{7}|>{7}) ")
# What the real engine wrote is kept as it wrote it.
_WRITTEN_BY_OTHERS = re.compile(r"^tests/fixtures/engine/.*\.json$")


def mistakes(name: str) -> Iterator[str]:
    """Yield "file:line: what is wrong" for a file, named as seen from the repository's root."""
    path = ROOT / name
    content = path.read_bytes()
    if len(content) > LARGEST:
        yield f"{name}: {len(content):,} bytes; allowed: {LARGEST:,}"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{name}: not UTF-8 text at byte {error.start}"
        return
    if _WRITTEN_BY_OTHERS.match(name):
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield f"{name}:{number}: space at the end of the line"
        if _CONFLICT.match(line):
            yield f"{name}:{number}: a conflict of a merge"
    if text and not (text.endswith("\n") and text.strip("\n") == text[:-1].lstrip("\n")):
        yield f"{name}:{len(lines)}: a file ends with one line break"
    if path.suffix in (".yaml", ".yml"):
        try:
            yaml12.loads(text)
        except yaml12.YamlError as error:
            yield f"{name}:{error.line}:{error.column}: {error.message}"


def main(names: list[str]) -> int:
    """Print the mistakes of some files; return the exit status."""
    found = [line for name in names if (ROOT / name).is_file() for line in mistakes(name)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
