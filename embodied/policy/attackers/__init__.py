"""Scripted policies that adapt, so that the worst case of an oversight part is known before a model is run."""
