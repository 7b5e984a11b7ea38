"""Texts without a vector get one, on every core, kept as they come."""
