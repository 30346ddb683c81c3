"""How a model is served, one file per server."""
