"""What does the work of a step: one class per kind of agent."""
