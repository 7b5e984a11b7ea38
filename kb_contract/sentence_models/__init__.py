"""How a text becomes a vector: writer and reader must do it alike, so it is agreed on here."""
