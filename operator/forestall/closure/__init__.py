"""One-hop closure: which findings count, and which of them one plan closed."""
