"""`embodied check`: scripted policies, played to see that each is scored as it must be."""
