"""What a text names, found by patterns: no model, the same for the same text."""
