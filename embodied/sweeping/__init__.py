"""The episodes of a cell, run concurrently: worker processes run them, one process alone writes."""
