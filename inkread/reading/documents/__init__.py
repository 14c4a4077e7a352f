"""Documents: what was read, held against what it should be."""
