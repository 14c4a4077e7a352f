"""`inkread`, and `python -m inkread`."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

INTERRUPTED = 130
BROKEN = 70  # a fault of inkread itself, by the convention of sysexits.h


def main() -> None:
    """Run the command line; every fault of a user's ends as a message and an exit code."""
    from inkread.cli import app
    from inkread.errors import InkreadError, OutputError

    try:
        app(prog_name="inkread")
    except InkreadError as error:
        from inkread import console

        console.error(str(error))
        if isinstance(error, OutputError):
            _abandon_stdout()
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone; nothing is left to be said to it.
        _abandon_stdout()
    except Exception as error:
        if os.environ.get("INKREAD_DEBUG"):
            raise
        from inkread import console

        console.error(
            f"{type(error).__name__}: {error}\nThis is a fault of inkread's. Set INKREAD_DEBUG=1 to see where it "
            "happened, and report it with what you did.",
            title="Unexpected error",
        )
        sys.exit(BROKEN)


def _abandon_stdout() -> None:
    """Let what stdout still holds go nowhere: Python would try once more to write it, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
