"""Lines of handwritten numbers, composed from single digits."""

from inkread.datasets.lines.bank import DigitBank
from inkread.datasets.lines.camera import Look
from inkread.datasets.lines.composer import ComposedLine, Composer
from inkread.datasets.lines.hand import Hand
from inkread.datasets.lines.text import MARKS, SYMBOLS

__all__ = ["MARKS", "SYMBOLS", "ComposedLine", "Composer", "DigitBank", "Hand", "Look"]
