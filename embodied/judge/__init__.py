"""The optional judge: a model reads stored episodes and answers closed questions. Weaker evidence, in no headline."""
