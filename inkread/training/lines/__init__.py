"""The training of line readers: composed lines and CTC (Graves et al. 2006) to a model file."""
