"""Pictures in, normalised ink out."""
