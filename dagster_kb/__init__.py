"""The writer: a git folder of knowledge becomes checked collections behind an alias."""
