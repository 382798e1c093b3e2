"""What the plain run of CI leaves out (`-m "not same_in_both"`): tests that would run the same code a second time.

In these rooms no module is compiled: both builds import the same files. What they call is tested in its own room on
both builds, and tests/test_determinism.py shows that whole runs and comparisons come out the same on both.
"""

ROOMS = ("api", "cli", "experiment", "instruments", "report", "result")
# Of the sources and the documents, whichever build is imported.
FILES = (
    "cases/test_coverage.py",
    "cases/test_files.py",
    "cases/test_imports.py",
    "test_declarations.py",
    "test_docs.py",
    "test_layers.py",
    "test_mirror.py",
    "test_mutations.py",
    "test_readme.py",
)


def same_in_both(file):
    """Whether a test file (its path below tests/) tests what is the same in both builds."""
    return file.parts[0] in ROOMS or str(file) in FILES
