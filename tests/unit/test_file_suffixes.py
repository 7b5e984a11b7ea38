"""What is asked of the name of every file of every run is answered as pathlib answers it."""

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as some

from dagster_kb.readers.formats import suffix_of
from dagster_kb.readers.reading import is_hidden

NAMES = some.text("a.bM~ é", min_size=1, max_size=6).filter(lambda name: name != ".")
PATHS = some.lists(NAMES, min_size=1, max_size=3).map("/".join)


@given(PATHS)
def test_suffixes_and_hidden_files_are_what_pathlib_says(path: str) -> None:
    place = PurePosixPath(path)
    assert suffix_of(path) == place.suffix.lower()
    assert is_hidden(path) == any(part.startswith(".") for part in place.parts)
