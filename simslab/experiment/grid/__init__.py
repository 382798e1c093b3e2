"""The points of an experiment: axes, relative values, constraints, and the file that describes them."""
