"""What was read, drawn over the pictures: the option --draw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkread.imaging.source import Picture
    from inkread.results import Page

__all__ = ["Drawings"]

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class Drawings:
    """Writes each page over its picture into a folder, or a single one into a file.

    Args:
        target: A folder, or a file ending in .png, .jpg or .webp.

    Raises:
        OutputError: The folder cannot be made.
    """

    def __init__(self, target: Path) -> None:
        from inkread.errors import OutputError

        self._target = target
        self._single = target.suffix.lower() in _SUFFIXES and not target.is_dir()
        self._names: set[str] = set()
        folder = target.parent if self._single else target
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Expected a folder for --draw that is there or can be made, or a file ending in "
                f"{', '.join(_SUFFIXES)}, got {str(target)!r} ({error.strerror or error}). Name another."
            ) from error

    def add(self, page: Page, picture: Picture) -> None:
        """Draw a page.

        Raises:
            UsageError: It is a second one, where a file was named.
            OutputError: It cannot be written.
        """
        from inkread.errors import UsageError
        from inkread.files import replacing
        from inkread.imaging.draw import draw

        if self._single and self._names:
            raise UsageError(
                f"Expected a folder for --draw, as there are several pictures or pages, got the file "
                f"{str(self._target)!r}. Name a folder."
            )
        path = self._target if self._single else self._target / self._free(page)
        self._names.add(path.name)
        drawn = draw(page, picture.pixels, roomy=True)
        form = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}.get(path.suffix.lower(), "PNG")
        with replacing(path) as part:
            drawn.save(part, form)

    def said(self) -> str:
        """Return what was written, in a sentence."""
        if not self._names:
            return "There was no picture to draw."
        if self._single:
            return f"What was read is drawn in {self._target}."
        count = len(self._names)
        return f"What was read is drawn in {self._target}: {count:,} picture{'s' * (count != 1)}."

    def _free(self, page: Page) -> str:
        """Return a name that no other picture has yet; "-read", so that none takes it for the picture itself."""
        stem = "stdin" if page.source == "-" else Path(page.source).stem
        named = f"{stem}-page-{page.number}-read" if page.number > 1 else f"{stem}-read"
        name, count = f"{named}.png", 1
        while name in self._names:
            count += 1
            name = f"{named}-{count}.png"
        return name
