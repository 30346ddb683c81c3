"""The groups of `scripts/bench`, one file each."""
