"""Findings: the flat tables of run folders, and the statistics over them."""
