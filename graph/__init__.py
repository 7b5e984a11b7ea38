"""The reader: a question becomes a plan, parallel agents, and a cited answer."""
