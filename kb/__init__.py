"""The command `kb`, and the whole stack on one machine."""
