"""What embedding is about to be, told before any of it is done, by whatever launched the run."""

from dataclasses import dataclass

from dagster_kb.resources.ledger_reports import ASSUMED_PACE


@dataclass(frozen=True)
class EmbeddingForecast:
    """What is known once documents are read; `kb ingest --estimate` judges it from a few of them."""

    documents: int
    chunks: int
    texts_in_store: int
    texts_to_embed: int
    tokens: int
    """Of the texts to embed."""
    minutes: float
    texts_per_second: float
    pace_from: str
    """`past runs` or `an assumption`: the model is not asked for it, the first texts show its pace."""
    money: float | None = 0.0
    """Dollars; a model that runs on this machine costs none. None: nobody knows its price."""

    @property
    def said(self) -> str:
        """In words, to be set beside what it came to."""
        return (
            f"{self.texts_to_embed:,} texts with {self.tokens:,} tokens: about {self.minutes:g} minutes "
            f"({self.texts_per_second:g} texts/s, from {self.pace_from}), {money_said(self.money)}"
        )


def money_said(dollars: float | None) -> str:
    """Say what embedding costs."""
    if dollars is None:
        return "what its provider takes, whose price is not known here"
    return f"about ${dollars:.4g}" if dollars else "no money"


def forecast_of(  # noqa: PLR0913 - a number each, and pure
    documents: int,
    chunks: int,
    texts: int,
    tokens: int,
    in_store: int,
    measured: float | None,
    dollars_a_token: float | None = 0.0,
) -> EmbeddingForecast:
    """Pure: forecast at the pace of past runs, where there were any."""
    pace = measured or ASSUMED_PACE
    source = "past runs" if measured else "an assumption"
    minutes = round(texts / pace / 60, 2)
    return EmbeddingForecast(
        documents, chunks, in_store, texts, tokens, minutes, round(pace, 1), source,
        None if dollars_a_token is None else round(tokens * dollars_a_token, 6),
    )  # fmt: skip
