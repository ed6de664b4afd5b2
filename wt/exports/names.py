"""Names for formats that allow no spaces in one and no name twice."""

from collections.abc import Iterable


def distinct_names(names: Iterable[str]) -> list[str]:
    """The names as identifiers, of any alphabet, with `_` for what may not be in one; the second of two is numbered."""
    found: list[str] = []
    for name in names:
        plain = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in name.strip())
        plain = plain if plain.isidentifier() else f"_{plain}"
        free, number = plain, 1
        while free in found:
            number += 1
            free = f"{plain}_{number}"
        found.append(free)
    return found
