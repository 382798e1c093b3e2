"""Cells run in processes, in a cluster, and for as many seeds as a precision takes."""
