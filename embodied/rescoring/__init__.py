"""`embodied rescore`: stored episodes scored once more, and what comes out otherwise."""
