"""What the process holds of the machine's memory."""

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Hand free memory back to the system, where the C library (glibc) would keep it.

    A lift and an export take and free arrays of many sizes; without this their holes add up over a day of visitors.
    """
    with suppress(OSError, AttributeError, TypeError):  # another C library, or none that can be asked
        ctypes.CDLL(None).malloc_trim(0)
