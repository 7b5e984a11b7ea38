"""What may be said: sentences that stand word for word in what was read."""
