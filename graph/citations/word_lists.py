"""Words that are looked for as whole words, whatever their case."""

import re


def listed(*alternatives: str) -> re.Pattern[str]:
    """Compile a list of words; a word with a hyphen is another word."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(alternatives)})(?![\w-])", re.IGNORECASE)
