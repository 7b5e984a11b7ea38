"""How passages and sentences are found and ordered."""
