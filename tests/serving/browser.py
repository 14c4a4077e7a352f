"""What the tests in a browser share: Debian's Chromium, a page that is watched, and a hand that draws on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.serving.hand import strokes

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
WAIT = 60_000  # ms; the machines of tests are slow and busy


def needed(program: str, package: str) -> str:
    """Return the path of a program; without it a test is skipped, but fails where all have to be run."""
    path = os.environ.get(f"INKREAD_{program.upper()}") or shutil.which(program)
    if path is None:
        missing(f"{program} (Debian: apt-get install {package})")
    return path


def missing(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"this test needs {what}")
    pytest.skip(f"needs {what}")


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium."""
    path = needed("chromium", "chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=WAIT)
        yield browser
        browser.close()


class Sheet:
    """A page of the browser, opened on the server's page."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.set_default_timeout(WAIT)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def open(self, mode: str = "read") -> Sheet:
        self.page.goto(f"{self.url}/#{mode}")
        self.page.locator("#model", has_text="Model").wait_for()
        return self

    def inside(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Return a part of the drawing area, given in shares of it, in pixels of the window."""
        box = self.page.locator("#pad").bounding_box()
        return (
            box["x"] + left * box["width"],
            box["y"] + top * box["height"],
            width * box["width"],
            height * box["height"],
        )

    def draw(self, label: int, *, left: float = 0.36, mirrored: bool = False) -> None:
        for stroke in strokes(label, self.inside(left, 0.18, 0.24, 0.62), mirrored=mirrored):
            self.page.mouse.move(*stroke[0])
            self.page.mouse.down()
            for point in stroke[1:]:
                self.page.mouse.move(*point, steps=2)
            self.page.mouse.up()

    def reads(self, text: str) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator("#reading")).to_have_text(text, timeout=WAIT)

    def place(self, selector: str) -> dict[str, float]:
        """Return where something is; what is drawn anew in that moment is asked for again."""
        found = None
        while found is None:
            found = self.there(selector).bounding_box()
        return found

    def gone(self, selector: str) -> None:
        self.page.locator(selector).wait_for(state="hidden")

    def there(self, selector: str) -> Any:
        found = self.page.locator(selector)
        found.wait_for()
        return found

    def faults(self) -> list[tuple[str, list[str]]]:
        """Return what axe finds of serious faults of accessibility; the page has to be opened with `bypass_csp`."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
        return [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in grave]

    def fits_a_phone(self) -> None:
        """See that nothing is wider than the screen, and no button smaller than a finger."""
        for part in ("body", "main", "#sheet"):
            assert self.place(part)["width"] <= 390, part
        for button in self.page.locator("button:visible, .button:visible").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 43.5, button.inner_text()

    def save(self, button: str, path: Path) -> str:
        """Press a button that saves a file; return the name that is proposed."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name=button).click()
        waiting.value.save_as(path)
        return str(waiting.value.suggested_filename)
