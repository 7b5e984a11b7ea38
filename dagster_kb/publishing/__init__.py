"""A generation is written, looked at, put behind the alias, watched, and put back if need be."""
