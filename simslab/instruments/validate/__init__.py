"""The model beside figures measured on silicon: rows as data, the same loops on the model, errors and verdicts."""
