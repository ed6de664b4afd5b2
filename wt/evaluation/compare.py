"""Two models on the same samples: the mean of the differences sample by sample, and its standard error."""

from typing import Any

import numpy as np

from wt.evaluation.benchmark import COLUMNS, Table

HIGHER_IS_BETTER = ("f01", "f05", "delta1", "delta2", "delta3")


def differences(table: Table, ours: str, other: str) -> dict[str, Any]:
    """`{"method", "against", figures: {column: {"mean", "se", "n", "verdict"}}}` of our figure minus the other's.

    Samples where either has no such figure do not count. The verdict is "better" or "worse" where zero lies
    outside the mean's 95 % interval (Student's t), else "same"; a single sample has no error, and no verdict.
    """
    figures = {}
    for name, read in COLUMNS.items():
        gaps = np.array([read(a) - read(b) for a, b in zip(table.methods[ours], table.methods[other], strict=True)])
        gaps = gaps[np.isfinite(gaps)]
        mean = float(gaps.mean()) if len(gaps) else float("nan")
        error = float(gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else float("nan")
        figures[name] = {"mean": mean, "se": error, "n": len(gaps), "verdict": _verdict(name, mean, error, len(gaps))}
    return {"method": ours, "against": other, "figures": figures}


def _verdict(column: str, mean: float, error: float, count: int) -> str:
    from scipy.special import stdtrit

    if not np.isfinite(error):
        return "unknown"
    if abs(mean) <= float(stdtrit(count - 1, 0.975)) * error:
        return "same"
    return "better" if (mean > 0) == column.endswith(HIGHER_IS_BETTER) else "worse"
