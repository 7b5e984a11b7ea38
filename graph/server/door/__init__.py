"""The server's door: who calls, what they may do, and how much at a time."""
