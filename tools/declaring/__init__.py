"""Parts of `declarations.py`: what the Python sources say, and how a `.pxd` is read and written."""
