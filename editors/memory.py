"""What the photo showed before an object was painted into it, so that removing the object brings it back exactly."""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from wt.types import Bool, UInt8

KEY = "painting"
"""Where an object's `info` keeps the name of its memory."""
_KEPT = 32


@dataclass(frozen=True, eq=False)
class _Patch:
    rows: slice
    columns: slice
    region: Bool[np.ndarray, "h w"]
    before: UInt8[np.ndarray, "h w 3"]
    after: UInt8[np.ndarray, "h w 3"]


class Memory:
    """The last few painted patches, shared by all visitors of a process; a patch is found only by its own pixels."""

    def __init__(self) -> None:
        self._patches: OrderedDict[str, _Patch] = OrderedDict()
        self._lock = threading.Lock()

    def keep(
        self, before: UInt8[np.ndarray, "h w 3"], after: UInt8[np.ndarray, "h w 3"], region: Bool[np.ndarray, "h w"]
    ) -> str:
        """Remember what lay under `region`; returns the key to restore it by."""
        rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
        window = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
        patch = _Patch(*window, region[window].copy(), before[window].copy(), after[window].copy())
        digest = hashlib.blake2b(digest_size=12)
        for values in (patch.before, patch.after, np.array([window[0].start, window[1].start])):
            digest.update(np.ascontiguousarray(values).tobytes())
        key = digest.hexdigest()
        with self._lock:
            self._patches[key] = patch
            self._patches.move_to_end(key)
            while len(self._patches) > _KEPT:
                self._patches.popitem(last=False)
        return key

    def restore(
        self, key: str, rgb: UInt8[np.ndarray, "h w 3"]
    ) -> tuple[UInt8[np.ndarray, "h w 3"], Bool[np.ndarray, "h w"]] | None:
        """The photo with the patch taken back, and where; None if it is forgotten or mostly painted over since."""
        with self._lock:
            patch = self._patches.get(key)
        if patch is None or patch.rows.stop > rgb.shape[0] or patch.columns.stop > rgb.shape[1]:
            return None
        now = rgb[patch.rows, patch.columns]
        untouched = patch.region & (now == patch.after).all(axis=2)
        if untouched.sum() < 0.9 * patch.region.sum():
            return None
        result, region = rgb.copy(), np.zeros(rgb.shape[:2], bool)
        result[patch.rows, patch.columns] = np.where(untouched[..., None], patch.before, now)
        region[patch.rows, patch.columns] = untouched
        return result, region
