"""From prompt to model to action."""
