"""The mirror of a run in W&B. It is never the truth, and never a reason for a sweep to fail."""
