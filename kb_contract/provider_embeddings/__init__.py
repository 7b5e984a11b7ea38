"""Vectors that a provider makes, for passages and for the questions that look for them."""
