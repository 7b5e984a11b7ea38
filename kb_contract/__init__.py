"""The agreement between the writer and the reader: types, names and SQL text; no I/O."""
