"""What a model, or patterns, read out of passages: paid for once, kept as it comes."""
