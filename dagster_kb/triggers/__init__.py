"""What makes a run begin: git, pushes, the clock, people."""
