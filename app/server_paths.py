"""Sentences without the server's paths: a visitor is told a file's name, the log says where it lies."""

import re

_ROOT = r"(?:~|[A-Za-z]:)?[\\/](?!gradio_api/)"
_NAME = r"""[^\s\\/'"()<>,;:]+"""
_QUOTED = re.compile(rf"""(['"]){_ROOT}[^'"\n]*[\\/]([^'"\n\\/]+)[\\/]?\1""")
_BARE = re.compile(rf"(?<![\w\\/.:~-]){_ROOT}(?:{_NAME}[\\/])+({_NAME})[\\/]?")


def without_paths(text: str) -> str:
    """Every absolute path of a file or a folder as its last name; addresses and the studio's own routes stay.

    A path with spaces is known as one if it stands in quotes, as in the errors of the system.
    """
    return _BARE.sub(r"\1", _QUOTED.sub(r"\1\2\1", text))
