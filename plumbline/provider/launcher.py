"""What the engine starts as its plugin: gets a provider of its own from the daemon, and lives as long as the engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from plumbline.provider import channel

_LOOK_SECONDS = 1.0


def main(arguments: list[str]) -> int:
    """Print the provider's port, which the engine reads from the first line, and stay. Returns an exit status."""
    directory, package = arguments[:2]
    engine = os.getppid()
    try:
        connection = channel.connect(Path(directory))
    except channel.NotRunning as error:
        print(f"{error}; `python -m plumbline sandbox start` starts one", file=sys.stderr)
        return 1
    with connection:
        channel.send(connection, {"request": "provider", "package": package, "directory": os.getcwd()})
        print(channel.receive(connection)["port"], flush=True)
        # The daemon drops the provider when this connection ends. An engine that was killed leaves this process alone.
        while os.getppid() == engine:
            if connection.poll(_LOOK_SECONDS):
                return 1  # the daemon has nothing more to say: it is gone
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
