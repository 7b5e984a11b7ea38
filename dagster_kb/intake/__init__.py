"""From files of a commit to parsed documents, in children that may die."""
