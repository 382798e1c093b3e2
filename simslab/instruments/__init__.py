"""What is done to a machine rather than run on it: measured, fitted, imported, exported."""
