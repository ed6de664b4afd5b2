"""Array annotations with shapes. With jaxtyping installed they are checked in every test run; a bare training node,
which has torch, numpy, Pillow and safetensors only, gets stand-ins that check nothing."""

from typing import Any

try:
    from jaxtyping import Bool, Float, Int, Shaped, UInt8
except ImportError:

    class _Unchecked:
        """Accepts any subscript, stands for any array."""

        def __class_getitem__(cls, item: Any) -> Any:
            return Any

    Bool = Float = Int = Shaped = UInt8 = _Unchecked  # type: ignore[misc, assignment]

__all__ = ["Bool", "Float", "Int", "Shaped", "UInt8"]
