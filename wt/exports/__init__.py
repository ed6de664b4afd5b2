"""The scene in the files that other programs open: one module a format, one table of them in `export.py`."""
