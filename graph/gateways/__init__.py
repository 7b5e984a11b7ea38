"""The world outside: one module per thing that answers."""
