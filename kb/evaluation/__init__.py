"""Measures on labelled data: through the product's own ways, on parts of their own."""
