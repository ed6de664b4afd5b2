"""The paper's metrics and protocol."""
