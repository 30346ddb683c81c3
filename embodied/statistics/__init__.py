"""Rates, intervals, tests, agreement and power. Numbers in, numbers out: nothing here knows an episode."""
