"""What is computed from ledgers: deeds, claims, outcomes."""
