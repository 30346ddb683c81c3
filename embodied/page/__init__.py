"""The page of findings: one self-contained HTML file."""
