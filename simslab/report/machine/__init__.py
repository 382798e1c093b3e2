"""A machine, its measurements and its fit, in words and figures."""
