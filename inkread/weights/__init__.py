"""The shipped model files."""
