"""The two exceptions that a caller of the library handles, and how the one that nobody can foresee is known."""

_NO_MEMORY = ("can't allocate memory", "cannot allocate memory", "insufficient memory", "failed to map segment")


class WtError(Exception):
    """A problem the person at the page can act on; `str(error)` is shown as it is.

    The text is one sentence or two: what happened, what we got, what to do.
    """


class Cancelled(Exception):
    """Raised by an `on_step` callback to stop a lift or an edit within one step."""


def out_of_memory(error: BaseException) -> bool:
    """Whether there was not enough memory: torch and OpenCV say so in ways of their own."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return any(words in said for words in _NO_MEMORY)
