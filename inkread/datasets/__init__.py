"""Labelled pictures for training and evaluation: MNIST, IDX, .npz, .csv, and folders of pictures.

Example:
    >>> from inkread.datasets import load, split
    >>> train, validation = split(load("mnist"), validation=5000, seed=1)  # doctest: +SKIP
"""

from inkread.datasets.dataset import Dataset
from inkread.datasets.download import Progress
from inkread.datasets.mnist import mnist
from inkread.datasets.parts import Part
from inkread.datasets.sources import load
from inkread.datasets.splits import split

__all__ = ["Dataset", "Part", "Progress", "load", "mnist", "split"]
