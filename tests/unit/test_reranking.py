import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from graph.gateways.reranking import (
    FAILED,
    LATE,
    NOT_THERE,
    READ,
    REST_SECONDS,
    RESTING,
    CrossEncoderScorer,
    Reranking,
    reranking_of,
)
from kb_contract.errors import BadSetting
from kb_contract.ranking import Ranked

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "keys", "rotate", "often", "badge", "door"]


def passages(many: int) -> list[Ranked]:
    return [Ranked(f"{one:03}", 0.5, 0.5) for one in range(many)]


@dataclass
class ByLength:
    """Prefers short texts; waits before it says so."""

    seconds: float = 0.0
    broken: bool = False
    asked: list[int] = field(default_factory=list[int])

    async def score(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked.append(len(texts))
        await asyncio.sleep(self.seconds)
        if self.broken:
            raise ConnectionError("no such host")
        return [-float(text) for text in texts]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def downwards(one: Ranked) -> str:
    return str(1000 - int(one.chunk_id))


async def test_what_is_read_is_ordered_and_the_rest_stays_behind() -> None:
    scorer = ByLength()
    order, by = await Reranking(scorer, "short", 5.0).order("q", passages(READ + 2), downwards)
    assert by == "short"
    assert scorer.asked == [READ]
    names = [int(one.chunk_id) for one in order]
    assert names == [*range(READ - 1, -1, -1), READ, READ + 1]


@pytest.mark.parametrize(
    ("scorer", "said"), [(ByLength(seconds=60), LATE), (ByLength(broken=True), FAILED)]
)
async def test_who_is_late_or_fails_rests_and_the_order_stays(scorer: ByLength, said: str) -> None:
    clock = Clock()
    reranking = Reranking(scorer, "short", 0.01, clock)
    found = passages(3)
    assert await reranking.order("q", found, downwards) == (found, said)
    assert await reranking.order("q", found, downwards) == (found, RESTING)
    assert len(scorer.asked) == 1
    clock.now = REST_SECONDS
    await reranking.order("q", found, downwards)
    assert len(scorer.asked) == 2


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a cross-encoder of two layers with random weights."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = Tokenizer(WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    words.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )  # fmt: skip
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=64,
    ).save_pretrained(folder)  # fmt: skip
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(WORDS), intermediate_size=64, num_labels=1, **size)
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.timeout(180)
async def test_a_cross_encoder_is_loaded_from_its_folder(tiny: Path) -> None:
    texts = ["keys rotate often", "badge door", "keys"]
    reranking = reranking_of(str(tiny), 50.0)
    assert reranking
    found = passages(3)
    order, by = await reranking.order("keys rotate", found, lambda one: texts[int(one.chunk_id)])
    scores = await CrossEncoderScorer(str(tiny)).score("keys rotate", texts)
    assert by == str(tiny)
    assert [int(one.chunk_id) for one in order] == sorted(range(3), key=lambda at: -scores[at])


@pytest.mark.timeout(180)
async def test_a_model_that_is_not_there_is_warned_of_once_and_the_order_stays(
    tmp_path: Path,
) -> None:
    clock, found = Clock(), passages(3)
    reranking = reranking_of(str(tmp_path / "none"), 50.0)
    assert reranking
    reranking.clock = clock
    with capture_logs() as lines:
        for clock.now in (0.0, 1.0, 10 * REST_SECONDS):
            assert await reranking.order("q", found, downwards) == (found, NOT_THERE)
    [line] = lines
    assert (line["event"], line["log_level"]) == ("reranker.not_there", "warning")
    assert "RERANK_MODEL" in line["reason"]
    assert "give a folder" in line["reason"]


async def test_searches_at_one_time_warn_once_of_a_model_that_is_not_there() -> None:
    class Missing:
        asked = 0

        async def score(self, question: str, texts: Sequence[str]) -> Sequence[float]:
            self.asked += 1
            await asyncio.sleep(0)
            raise BadSetting("no such model", where="RERANK_MODEL")

    scorer, found = Missing(), passages(3)
    reranking = Reranking(scorer, "none", 50.0)
    with capture_logs() as lines:
        both = [reranking.order("q", found, downwards) for _ in range(2)]
        assert await asyncio.gather(*both) == [(found, NOT_THERE)] * 2
        await reranking.order("q", found, downwards)
    assert (len(lines), scorer.asked) == (1, 2)


def test_nothing_named_is_no_reranker() -> None:
    assert reranking_of("", 1.0) is None
