"""The header of an .npy file that anybody may have written."""

import io
from tokenize import TokenError

import numpy as np


def read_header(stream: io.BufferedIOBase) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, whether it is in Fortran's order, dtype); the stream then stands at the numbers.

    Raises:
        ValueError: no .npy file, a damaged one, or one of Python objects.
    """
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if version not in readers:
        raise ValueError(f"its header is of version {version}")
    try:
        shape, fortran, dtype = readers[version](stream)
    except (SyntaxError, TokenError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError("its header cannot be read") from error
    if dtype.hasobject or min(shape, default=0) < 0:
        raise ValueError(f"it holds {dtype} values in the shape {shape}")
    return shape, fortran, dtype
