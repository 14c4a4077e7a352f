"""Take the picture of the page: python docs/make_page.py (with Debian's chromium and playwright installed)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.serving.browser import Sheet, chromium

DOCS = Path(__file__).resolve().parent


def main() -> None:
    """Serve the page, draw a seven on it, photograph it."""
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            url = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+:\d+", line)))
            with chromium() as browser:
                page = browser.new_page(viewport={"width": 1440, "height": 1100})
                sheet = Sheet(page, url).open()
                sheet.draw(7)
                page.locator("text=Feature maps").wait_for()
                page.wait_for_load_state("networkidle")
                page.screenshot(path=str(DOCS / "page.png"), full_page=True)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
