"""What kind of question it is; works with no provider and no model."""
