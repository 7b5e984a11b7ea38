"""Three documents of one agent: one of two sections, a short one, and one without a heading."""

KEYS = """# Keys

Rotate the signing keys every ninety days. Whoever rotates them writes a line into the journal,
tells the people on call, and waits for the next build to be signed with the new one before the old
one is put away.

## Where

They lie in the vault. Two people open it together, neither of them alone, and the visit is written
down with the reason for it, the day, and the names of those who were there to see it.
"""
MOVES = "# Moves\n\nThe alias moves in one call.\n"
NOTES = "Nothing but a line without a heading.\n"
THREE = {"keys.md": KEYS, "moves.md": MOVES, "notes.md": NOTES}
