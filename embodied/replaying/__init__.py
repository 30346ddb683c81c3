"""`embodied replay`: recorded episodes run again, with the replies that were given then."""
