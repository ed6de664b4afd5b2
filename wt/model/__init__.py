"""WT-DiT: one network class and one config dataclass for the published checkpoints and for ours."""
