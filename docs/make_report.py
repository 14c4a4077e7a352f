"""Make docs/report/index.html anew, the report of the shipped model on MNIST's test part: python docs/make_report.py.

The page and its command say how many pictures were damaged for the robustness; another number may be given.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from inkread.cli import app

PAGE = Path(__file__).resolve().parent / "report" / "index.html"
COUNT = "500"


def main() -> None:
    """Run the command that the page names, and keep its page alone."""
    count = sys.argv[1] if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # so that the command on the page names no place of this machine
        app(
            ["evaluate", "default", "--robustness", "--robustness-count", count, "--report", "report"],
            standalone_mode=False,
        )
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_bytes(Path("report", "report.html").read_bytes())


if __name__ == "__main__":
    main()
