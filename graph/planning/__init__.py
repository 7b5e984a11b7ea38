"""From a question to a plan: who does what, in which order, and what a person must approve."""
