"""The page in a real browser, driven by what people have: mouse, finger, pen, keyboard, files."""

from __future__ import annotations

import base64
import re
import socket
from pathlib import Path

import pytest

import inkread
from tests.serving.browser import PHONE, WAIT
from tests.serving.conftest import running
from tests.serving.hand import strokes

ROOT = Path(__file__).parent.parent.parent
STATIC = ROOT / "inkread" / "serving" / "static"


def test_ten_digits_stroke_by_stroke(sheet):
    for label in range(10):
        sheet.draw(label)
        sheet.reads(str(label))
        assert re.fullmatch(r"\d+\.\d % sure.*", sheet.page.inner_text("#sure"))
        sheet.page.click("#clear")
        sheet.reads("")


def test_three_digits_at_once(sheet, monkeypatch):
    monkeypatch.setattr("tests.serving.browser.WAIT", 5000)
    for label, left in ((3, 0.05), (1, 0.38), (4, 0.7)):
        sheet.draw(label, left=left)
    sheet.reads("314")
    assert sheet.page.locator("#digits button").count() == 3


def test_undo_redo_eraser_and_clear(sheet):
    page = sheet.page
    assert page.is_disabled("#undo")
    assert page.is_disabled("#clear")
    sheet.draw(7)
    sheet.reads("7")
    page.keyboard.press("Control+z")
    sheet.reads("")
    page.click("#redo")
    sheet.reads("7")
    page.click("#clear")
    sheet.reads("")
    page.click("#undo")
    sheet.reads("7")
    page.click("#eraser")
    page.locator("#thickness").fill("48")
    left, top, width, height = sheet.inside(0.3, 0.16, 0.36, 0.7)
    for share in range(9):
        page.mouse.move(left, top + share * height / 8)
        page.mouse.down()
        page.mouse.move(left + width, top + share * height / 8, steps=4)
        page.mouse.up()
    page.locator("#reading", has_text=re.compile("^(No number found)?$")).wait_for()
    assert page.locator("#boxes .box").count() == 0


def test_bars_boxes_and_what_the_network_saw(sheet):
    sheet.draw(3)
    sheet.reads("3")
    page = sheet.page
    assert page.locator("#bars li").count() == 10
    assert page.inner_text("#bars li.best b") == "3"
    assert page.inner_text("#boxes .box span").startswith("3")
    page.locator("#inside[aria-busy=false] #heat-caption", has_text="“3”").wait_for()
    layers = page.locator("#layer option").all_inner_texts()
    assert len(layers) == 5
    page.select_option("#layer", index=4)
    for canvas in ("#seen", "#heat", "#sheet-of-maps"):
        assert page.locator(canvas).bounding_box()["width"] > 80


def test_a_screen_reader_is_told(sheet):
    sheet.draw(7)
    status = sheet.page.locator("p[role=status]", has_text=re.compile(r"Read 7\. \d+\.\d % sure"))
    status.wait_for(state="attached")


def test_a_photo_is_dropped(opened):
    sheet = opened(bypass_csp=True).open()  # the hand of the test has to make the event inside the page
    data = base64.b64encode((ROOT / "examples" / "photo-of-3.jpg").read_bytes()).decode()
    transfer = sheet.page.evaluate_handle(
        """data => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            transfer.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
            return transfer;
        }""",
        data,
    )
    sheet.page.dispatch_event("#sheet", "drop", {"dataTransfer": transfer})
    sheet.reads("3")
    sheet.there("#picture")
    sheet.there("button.box").click()
    sheet.page.click("#clear")
    sheet.gone("#picture")
    sheet.draw(7)
    sheet.reads("7")


@pytest.mark.parametrize("name", ["seven.png", "white-chalk-4.jpg", "marker-6.webp"])
def test_a_picture_is_chosen(sheet, name):
    sheet.page.set_input_files("#open", ROOT / "examples" / name)
    sheet.reads({"seven.png": "7", "white-chalk-4.jpg": "4", "marker-6.webp": "6"}[name])
    box, picture = (sheet.place(selector) for selector in ("button.box", "#picture"))
    assert picture["x"] <= box["x"] <= picture["x"] + picture["width"]


def test_what_is_no_picture_is_told_of(opened, tmp_path):
    sheet = opened().open()
    (tmp_path / "text.png").write_text("no picture")
    sheet.page.set_input_files("#open", tmp_path / "text.png")
    assert "got something else" in sheet.there("#notice").inner_text()
    sheet.page.click("#clear")
    sheet.gone("#notice")
    sheet.errors.clear()  # the browser notes the refusal too


def test_a_finger_on_a_phone(opened):
    sheet = opened(**PHONE).open()
    session = sheet.page.context.new_cdp_session(sheet.page)
    for stroke in strokes(2, sheet.inside(0.3, 0.18, 0.36, 0.62)):
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [_touch(stroke[0])]})
        for point in stroke[1:]:
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [_touch(point)]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    sheet.reads("2")
    sheet.fits_a_phone()


def _touch(point: tuple[float, float]) -> dict[str, float]:
    return {"x": round(point[0]), "y": round(point[1])}


def test_a_pen_that_is_pressed_harder_writes_wider(opened):
    widths = []
    for force in (0.15, 1.0):
        sheet = opened().open()
        session = sheet.page.context.new_cdp_session(sheet.page)
        left, top, _, height = sheet.inside(0.5, 0.2, 0.1, 0.6)
        pen = {"pointerType": "pen", "force": force, "button": "left", "x": left}
        session.send(
            "Input.dispatchMouseEvent", {**pen, "type": "mousePressed", "y": top, "clickCount": 1, "buttons": 1}
        )
        for i in range(1, 9):
            session.send(
                "Input.dispatchMouseEvent", {**pen, "type": "mouseMoved", "y": top + i * height / 8, "buttons": 1}
            )
        session.send("Input.dispatchMouseEvent", {**pen, "type": "mouseReleased", "y": top + height, "clickCount": 1})
        sheet.reads("1")
        widths.append(sheet.place("#boxes .box")["width"])
    assert widths[1] > 1.5 * widths[0]


def test_the_keyboard_alone(sheet):
    page = sheet.page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skips to the drawing area
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    sheet.reads("1")
    page.keyboard.press("Control+z")
    sheet.reads("")
    page.keyboard.press("Control+y")
    sheet.reads("1")
    sheet.there("#inside[aria-busy=false]")  # or what it holds cannot be reached yet
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count():
            reached.add(focused.get_attribute("id"))
    assert {"pad", "pen", "eraser", "thickness", "undo", "clear", "open", "copy", "save", "layer", "theme"} <= reached
    page.focus("#pad")
    page.keyboard.press("Delete")
    sheet.reads("")


def test_copy_and_save(opened, tmp_path):
    sheet = opened(permissions=["clipboard-read", "clipboard-write"]).open()
    sheet.draw(4)
    sheet.reads("4")
    sheet.page.click("#copy")
    sheet.there("#copy:has-text('Copied')")
    with sheet.page.expect_download() as waiting:
        sheet.page.click("#save")
    assert waiting.value.suggested_filename == "inkread-4.png"
    waiting.value.save_as(tmp_path / "saved.png")

    assert inkread.read(tmp_path / "saved.png").width == 800


def test_light_and_dark(opened):
    grounds = []
    for scheme in ("light", "dark"):
        sheet = opened(color_scheme=scheme, bypass_csp=True).open()
        grounds.append(sheet.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(set(grounds)) == 2
    sheet.page.click("#theme")  # from the system's dark to light
    assert sheet.page.evaluate("getComputedStyle(document.body).backgroundColor") == grounds[0]


def test_a_server_that_goes_away_and_returns(opened):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with running("--quiet", "--port", port) as first:
        sheet = opened(first.url).open()
        sheet.draw(7)
        sheet.reads("7")
    sheet.draw(7)
    assert "does not answer" in sheet.there("#notice").inner_text()
    sheet.page.click("#clear")
    sheet.draw(2)
    with running("--quiet", "--port", port):
        sheet.gone("#notice")
        sheet.reads("2")
    sheet.errors.clear()  # the browser notes each failed request


def test_a_server_that_asks_for_a_key(opened):
    with running("--quiet", "--api-key", "a-long-enough-key") as locked:
        sheet = opened(locked.url)
        sheet.page.goto(locked.url)
        sheet.there("#key-dialog")
        sheet.page.fill("#key", "a-long-enough-key")
        sheet.page.keyboard.press("Enter")
        sheet.page.locator("#model", has_text="Model").wait_for()
        sheet.draw(3)
        sheet.reads("3")
        sheet.errors.clear()  # the browser notes the 401


def test_practice(opened):
    sheet = opened().open("practise")
    page = sheet.page
    wanted = int(page.inner_text("#wanted"))
    sheet.draw(wanted)
    sheet.there("#verdict .yes")
    sheet.there(f"#progress th:has-text('{wanted}')")
    page.click("#skip")
    sheet.gone("#verdict")
    assert page.inner_text("#wanted") != str(wanted)
    sheet.draw((int(page.inner_text("#wanted")) + 3) % 10)
    sheet.there("#verdict .no")
    assert page.locator("#progress img").count() == 2


def test_a_digit_in_a_mirror(opened):
    sheet = opened().open("practise")
    for _ in range(200):
        if sheet.page.inner_text("#wanted") == "7":
            break
        sheet.page.click("#skip")
    sheet.draw(7, mirrored=True)
    verdict = sheet.there("#verdict .no")
    assert verdict.inner_text() == "That is 7 as a mirror shows it."
    assert "begins at the left" in sheet.page.inner_text("#verdict small")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(opened, scheme):
    for mode in ("read", "practise", "form", "docs"):
        sheet = opened(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
        if mode == "docs":
            sheet.page.goto(f"{sheet.url}/docs")
        else:
            sheet.open(mode)
        if mode == "read":
            sheet.draw(4)
            sheet.reads("4")
            sheet.there("#inside[aria-busy=false]")
        if mode == "practise":
            sheet.draw(1)
            sheet.there("#progress table")
        assert sheet.faults() == [], mode


def test_the_files_of_the_page_are_small_and_name_nothing_elsewhere():
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 200_000
    for path in files:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path.name


def test_first_paint_and_first_reading(opened, record_property):
    """`python -m benchmarks serving` measures both; here the best of three, as the machines of tests are busy."""
    paints = []
    for _ in range(3):
        sheet = opened(bypass_csp=True).open()
        entries = sheet.page.evaluate(
            "performance.getEntriesByType('paint').map(({name, startTime}) => [name, startTime])"
        )
        paints.append(dict(entries)["first-contentful-paint"])
    sheet.draw(7)
    sheet.reads("7")
    reading = sheet.page.evaluate(
        "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('v1/read'))[0].duration"
    )
    record_property("first contentful paint, ms", min(paints))
    record_property("first reading, ms", reading)
    assert min(paints) < 2000
    assert reading < WAIT / 10
