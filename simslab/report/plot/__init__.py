"""Figures from stored results: what `simslab plot` draws, and what a run leaves behind."""
