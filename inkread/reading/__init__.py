"""The runtime half: pictures to numbers with a model file, and no training framework."""
