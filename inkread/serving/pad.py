"""A window to draw numbers in, read as one draws: Tk, with the reading in a thread of its own."""

from __future__ import annotations

import os
import sys
import tkinter as tk
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tkinter import filedialog, ttk

from PIL import Image, ImageDraw, ImageOps, ImageTk

from inkread.errors import ImageError, InkreadError, OutputError, UsageError
from inkread.files import replacing
from inkread.imaging.draw import draw
from inkread.imaging.source import open_picture
from inkread.reading.model_file import local_models, shipped_models
from inkread.reading.reader import Reader
from inkread.results import Digit, Page

__all__ = ["Pad", "run"]

_SIZE = (760, 440)  # of the sheet, in pixels of a screen of 96 dpi
_WAIT = 120  # ms without a change before the drawing is read
_LOOK = 20  # ms between looks at whether it has been
_DOUBTFUL = 0.9
_FINE = 3  # times as fine as the screen: Pillow draws no smooth lines itself


@dataclass(frozen=True, slots=True)
class _Colours:
    window: str
    paper: str
    ink: str
    text: str
    sure: str
    doubtful: str
    edge: str


_LIGHT = _Colours("#f6f3ec", "#fffefb", "#1b2a6b", "#1d2330", "#17723f", "#a84800", "#cfc8b8")
_DARK = _Colours("#10131a", "#181c26", "#cdd8ff", "#e9ecf4", "#6fd39b", "#ffb066", "#3a4257")


@dataclass(slots=True)
class _Stroke:
    width: float
    points: list[tuple[float, float]] = field(default_factory=list)


def run(model: str = "default", *, dark: bool = False) -> None:
    """Show the window until it is closed.

    Args:
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        dark: Begin with light ink on dark.

    Raises:
        UsageError: There is no display to show it on.
        ModelError: The model cannot be used.
    """
    if sys.platform == "win32":
        import ctypes

        with suppress(AttributeError, OSError):  # otherwise Windows enlarges the window and blurs it
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
    try:
        root = tk.Tk()
    except tk.TclError as error:
        raise UsageError(
            f"Expected a display to open a window on, got none ({error}). Run it in a desktop session, or serve the "
            "page with inkread serve and open that in a browser."
        ) from error
    Pad(root, model, dark=dark)
    root.mainloop()


class Pad:
    """The window.

    Args:
        root: Of Tk.
        model: As `run` takes it.
        dark: As there.

    Attributes:
        page: What was read last; None before.
        sheet: The canvas that is drawn on.
    """

    def __init__(self, root: tk.Tk, model: str = "default", *, dark: bool = False) -> None:
        self._root = root
        self._reader = Reader(model)
        self._model = tk.StringVar(value=model)
        self._dark = tk.BooleanVar(value=dark)
        self._width = tk.DoubleVar(value=18)
        self._said = tk.StringVar()
        self._scale = max(1.0, root.winfo_fpixels("1i") / 96)
        self._strokes: list[_Stroke] = []
        self._picture: Image.Image | None = None
        self._photo: ImageTk.PhotoImage | None = None
        self._timer: str | None = None
        self._change = 0
        self.page: Page | None = None
        self._pool = ThreadPoolExecutor(1, "inkread-pad")
        root.title("inkread")
        root.protocol("WM_DELETE_WINDOW", self.close)
        self._build()
        self._bind()
        self._colour()
        self._show()

    def close(self) -> None:
        """End the thread and the window."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._root.destroy()

    def undo(self) -> None:
        """Take back the last stroke."""
        if self._strokes:
            self._strokes.pop()
            self._changed()

    def clear(self) -> None:
        """Take an empty sheet."""
        self._strokes.clear()
        self._picture = None
        self._changed()

    def open(self, path: str | os.PathLike[str]) -> None:
        """Show a picture and read it.

        Args:
            path: Of the picture.
        """
        try:
            pixels = open_picture(path).pixels
        except ImageError as error:
            self._said.set(str(error))
            return
        self._strokes.clear()
        self._picture = Image.fromarray(pixels)
        self._changed()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the sheet with what was read drawn on it.

        Args:
            path: Whose ending names the format.
        """
        image = self._image()
        try:
            target = Path(path)
            with replacing(target) as part:
                (draw(self.page, image) if self.page else image).save(
                    part, Image.registered_extensions()[target.suffix]
                )
        except (OutputError, KeyError, ValueError) as error:
            self._said.set(f"Cannot save as {os.fspath(path)!r}: {error}. Name a file that ends in .png or .jpg.")
            return
        self._said.set(f"Saved {os.fspath(path)}")

    def _build(self) -> None:
        width, height = (round(side * self._scale) for side in _SIZE)
        self.sheet = tk.Canvas(
            self._root, width=width, height=height, highlightthickness=2, cursor="pencil", takefocus=True
        )
        self.sheet.pack(fill="both", expand=True, padx=12, pady=(12, 6))
        self._reading = ttk.Label(self._root, style="Reading.TLabel")
        self._reading.pack(fill="x", padx=16)
        ttk.Label(self._root, textvariable=self._said, wraplength=width).pack(fill="x", padx=16)
        bar = ttk.Frame(self._root)
        bar.pack(fill="x", padx=12, pady=(6, 12))
        for text, command in (
            ("Undo", self.undo),
            ("Clear", self.clear),
            ("Open…", self._ask_open),
            ("Save…", self._ask_save),
        ):
            ttk.Button(bar, text=text, command=command).pack(side="left", padx=3)
        ttk.Label(bar, text="Thickness").pack(side="left", padx=(12, 4))
        ttk.Scale(bar, from_=4, to=44, variable=self._width, length=round(110 * self._scale)).pack(side="left")
        ttk.Checkbutton(bar, text="Dark", variable=self._dark, command=self._colour).pack(side="right", padx=3)
        names = list(dict.fromkeys([self._model.get(), *shipped_models(), *local_models()]))
        models = ttk.Combobox(bar, textvariable=self._model, values=names, state="readonly", width=14)
        models.pack(side="right", padx=3)
        models.bind("<<ComboboxSelected>>", lambda _: self._choose_model())

    def _bind(self) -> None:
        sheet, root = self.sheet, self._root
        sheet.bind("<ButtonPress-1>", self._begin)
        sheet.bind("<B1-Motion>", self._go_on)
        sheet.bind("<Configure>", lambda _: self._show())
        for keys, command in (
            ("<Control-z>", self.undo),
            ("<Delete>", self.clear),
            ("<Control-o>", self._ask_open),
            ("<Control-s>", self._ask_save),
        ):
            root.bind(keys, lambda _, command=command: command())  # type: ignore[misc]

    def _begin(self, event: tk.Event[tk.Canvas]) -> None:
        self.sheet.focus_set()
        self._picture = None
        self._strokes.append(_Stroke(self._width.get() * self._scale, [(event.x, event.y)]))
        self._changed()

    def _go_on(self, event: tk.Event[tk.Canvas]) -> None:
        if self._strokes:
            self._strokes[-1].points.append((event.x, event.y))
            self._changed()

    def _ask_open(self) -> None:
        if path := filedialog.askopenfilename(parent=self._root):
            self.open(path)

    def _ask_save(self) -> None:
        if path := filedialog.asksaveasfilename(parent=self._root, defaultextension=".png"):
            self.save(path)

    def _choose_model(self) -> None:
        try:
            self._reader = Reader(self._model.get())
        except InkreadError as error:
            self._said.set(str(error))
            return
        self._changed()

    def _colour(self) -> None:
        colours = self._colours
        style = ttk.Style(self._root)
        style.theme_use("clam")
        size = -round(14 * self._scale)
        style.configure(".", background=colours.window, foreground=colours.text, font=("TkDefaultFont", size))
        style.configure("TButton", padding=round(6 * self._scale), background=colours.paper)
        edge = colours.edge
        style.configure(".", bordercolor=edge, lightcolor=colours.paper, darkcolor=colours.paper, troughcolor=edge)
        style.configure("Reading.TLabel", font=("TkDefaultFont", -round(44 * self._scale)), foreground=colours.ink)
        for name in ("TButton", "TCheckbutton", "TCombobox"):
            chosen = [("active", colours.paper), ("readonly", colours.paper)]
            style.map(name, background=chosen, fieldbackground=chosen, foreground=[("!disabled", colours.text)])
        self._root.configure(background=colours.window)
        self.sheet.configure(background=colours.paper, highlightbackground=colours.window, highlightcolor=colours.sure)
        self._show()

    @property
    def _colours(self) -> _Colours:
        return _DARK if self._dark.get() else _LIGHT

    def _changed(self) -> None:
        """Draw anew at once, and read when the pen has rested."""
        self.page = None
        self._change += 1
        self._said.set("")
        self._show()
        if self._timer is not None:
            self._root.after_cancel(self._timer)
        self._timer = self._root.after(_WAIT, self._read)

    def _read(self) -> None:
        self._timer = None
        if not self._strokes and self._picture is None:
            return
        future = self._pool.submit(self._reader.read, self._image())
        self._root.after(_LOOK, self._look, future, self._change)

    def _look(self, future: Future[Page], change: int) -> None:
        """Show what was read, unless the sheet has changed since."""
        if change != self._change:
            return
        if not future.done():
            self._root.after(_LOOK, self._look, future, change)
            return
        error = future.exception()
        if error is not None:
            self._said.set(str(error))
            return
        self.page = future.result()
        self._show()

    def _image(self) -> Image.Image:
        """Return the sheet as it is read: the picture, or black ink on white, smooth at its edges."""
        if self._picture is not None:
            return self._picture
        width, height = self.sheet.winfo_width(), self.sheet.winfo_height()
        fine = Image.new("L", (_FINE * width, _FINE * height), 255)
        pen = ImageDraw.Draw(fine)
        for stroke in self._strokes:
            reach = _FINE * stroke.width / 2
            points = [(_FINE * x, _FINE * y) for x, y in stroke.points]
            pen.line(points, fill=0, width=round(2 * reach))
            for x, y in points:
                pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=0)
        return fine.resize((width, height), Image.Resampling.BOX)

    def _show(self) -> None:
        self.sheet.delete("all")
        left, top, scale = 0.0, 0.0, 1.0
        if self._picture is not None:
            left, top, scale = self._show_picture(self._picture)
        for stroke in self._strokes:
            self._show_stroke(stroke)
        lines = self.page.lines if self.page else ()
        for digit in (digit for line in lines for digit in line.digits):
            self._show_digit(digit, left, top, scale)
        self._reading.configure(text=self._text(lines))

    def _text(self, lines: Sequence[object]) -> str:
        if self.page is None:
            return "" if self._strokes or self._picture else "Write a number"
        return self.page.text.replace("\n", "  ") if lines else "No number found"

    def _show_picture(self, picture: Image.Image) -> tuple[float, float, float]:
        """Show a picture as large as fits; return where it is and how much it was scaled."""
        room = max(1, self.sheet.winfo_width()), max(1, self.sheet.winfo_height())
        fitted = ImageOps.contain(picture, room)
        self._photo = ImageTk.PhotoImage(fitted, master=self._root)
        left, top = (room[0] - fitted.width) / 2, (room[1] - fitted.height) / 2
        self.sheet.create_image(left, top, image=self._photo, anchor="nw")
        return left, top, fitted.width / picture.width

    def _show_stroke(self, stroke: _Stroke) -> None:
        ink, reach = self._colours.ink, stroke.width / 2
        if len(stroke.points) == 1:
            ((x, y),) = stroke.points
            self.sheet.create_oval(x - reach, y - reach, x + reach, y + reach, fill=ink, outline=ink)
            return
        flat = [side for point in stroke.points for side in point]
        self.sheet.create_line(*flat, fill=ink, width=stroke.width, capstyle="round", joinstyle="round")

    def _show_digit(self, digit: Digit, left: float, top: float, scale: float) -> None:
        """Show a box with value and percentage."""
        sure = digit.value is not None and digit.confidence >= _DOUBTFUL
        colour = self._colours.sure if sure else self._colours.doubtful
        x, y = left + scale * digit.box.left, top + scale * digit.box.top
        right, bottom = x + scale * digit.box.width, y + scale * digit.box.height
        self.sheet.create_rectangle(x, y, right, bottom, outline=colour, width=2 * self._scale, tags="box")
        percent = int(1000 * digit.confidence) / 10  # never rounded up to certainty
        font = ("TkDefaultFont", -round(15 * self._scale), "bold")
        above = y > 26 * self._scale
        self.sheet.create_text(
            x,
            y - 4 if above else y + 4,
            text=f"{digit.label}  {percent:.1f} %",
            anchor="sw" if above else "nw",
            fill=colour,
            font=font,
            tags="caption",
        )
