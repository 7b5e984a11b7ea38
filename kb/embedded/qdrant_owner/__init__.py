"""One process that owns the vector shards and answers the part of Qdrant's REST API we use.

Read `app` first: every route is listed there, and whatever is not listed is refused.
"""
