"""How names are compared: whoever finds or keeps them folds them in the same way."""

import re
from typing import Final

LONGEST_NAME: Final = 8
"""Words of a name, at most."""


def folded(text: str) -> str:
    """Return a name in small letters, with one blank between what is letters or digits."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
