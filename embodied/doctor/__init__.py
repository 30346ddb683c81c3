"""`embodied doctor`: what a model server can do, whether prompts fit, and how long a sweep takes."""
