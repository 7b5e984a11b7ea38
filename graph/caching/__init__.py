"""Which answers may be given again, to which questions, and until when; nothing here does I/O."""
