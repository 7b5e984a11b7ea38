"""What was said before: follow-ups made whole, and long talks made short."""
