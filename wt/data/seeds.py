"""Which seeds training may see."""

HELD_OUT_FROM = 2_000_000_000
"""Seeds from here on are never trained on."""


def unseen(seed: int) -> bool:
    """Whether a held-out seed shows families, textures and rooms that training never does (every third)."""
    return seed >= HELD_OUT_FROM and seed % 3 == 0
