"""What must hold before a generation goes live: pure functions over evidence, by family."""
