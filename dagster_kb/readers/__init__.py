"""Pure functions from a file's bytes to blocks with exact offsets."""
