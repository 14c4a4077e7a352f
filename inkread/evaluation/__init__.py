"""Metrics of models, and intervals for them."""
