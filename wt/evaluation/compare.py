"""Two models on the same samples: the mean of the differences sample by sample, and its standard error."""

from typing import Any

import numpy as np

from wt.evaluation.benchmark import COLUMNS, Table

HIGHER_IS_BETTER = ("f01", "f05", "delta1", "delta2", "delta3")


def differences(table: Table, ours: str, other: str) -> dict[str, Any]:
    """`{"method", "against", figures: {column: {"mean", "se", "n", "verdict"}}}` of our figure minus the other's.

    Samples where either has no such figure do not count. The verdict is "better" or "worse" where the mean is more
    than two standard errors from zero, else "same"; with fewer than two samples there is no error, and no verdict.
    """
    figures = {}
    for name, read in COLUMNS.items():
        gaps = np.array([read(a) - read(b) for a, b in zip(table.methods[ours], table.methods[other], strict=True)])
        gaps = gaps[np.isfinite(gaps)]
        mean = float(gaps.mean()) if len(gaps) else float("nan")
        error = float(gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else float("nan")
        figures[name] = {"mean": mean, "se": error, "n": len(gaps), "verdict": _verdict(name, mean, error)}
    return {"method": ours, "against": other, "figures": figures}


def _verdict(column: str, mean: float, error: float) -> str:
    if not np.isfinite(error):
        return "unknown"
    if abs(mean) <= 2 * error:
        return "same"
    return "better" if (mean > 0) == column.endswith(HIGHER_IS_BETTER) else "worse"
