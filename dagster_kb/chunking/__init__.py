"""Pure functions from blocks to chunks that are exact slices of the source."""
