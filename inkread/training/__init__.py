"""The training half: recipes, augmentation, fitting, calibration, export. Needs `pip install 'inkread[train]'`."""

from inkread.training.augment import Augmentation
from inkread.training.config import Config
from inkread.training.recipe import Recipe

__all__ = ["Augmentation", "Config", "Recipe"]
