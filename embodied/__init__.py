"""The experiment: prompts, models, episodes, sweeps, measures, reports."""
