"""The run folder on disk: what is kept of an episode, appended and read back, by several writers at a time."""
