"""A comparison, in words and figures."""
