"""The two exceptions that a caller of the library handles."""


class WtError(Exception):
    """A problem the person at the page can act on; `str(error)` is shown as it is.

    The text is one sentence or two: what happened, what we got, what to do.
    """


class Cancelled(Exception):
    """Raised by an `on_step` callback to stop a lift or an edit within one step."""
