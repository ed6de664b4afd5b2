"""Gradio without stub files: it would make one for each component whenever it is imported.

For that it parses its own source twice, a quarter of the time that the import takes, and writes into site-packages.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_WRITER = "gradio.component_meta"


class WithoutStubs(MetaPathFinder):
    """Finds the module that writes them, once, and has it write none."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module as it is, but for one function."""
        if name != _WRITER:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                vars(module)["create_or_modify_pyi"] = lambda *_: None

            loader.exec_module = exec_module
        return spec


def write_no_stubs() -> None:
    """Before gradio is imported; later it changes nothing."""
    if _WRITER not in sys.modules:
        sys.meta_path.insert(0, WithoutStubs())
