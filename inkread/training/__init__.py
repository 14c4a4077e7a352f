"""The training half: recipes, augmentation, fitting, calibration, export. Needs `pip install 'inkread[train]'`."""
