"""Findings and records for other programs: tables of a paper, data frames, logs of Inspect."""
