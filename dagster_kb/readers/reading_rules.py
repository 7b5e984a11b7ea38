"""How documents are read and cut: small enough to hand to another process."""

from dataclasses import dataclass

from dagster_kb.chunking.semantic import MOST_SENTENCES
from dagster_kb.chunking.strategies import Cutting
from kb_contract.agent_manifest import ChunkingSettings, ChunkingStrategy


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """What decides, beside a file's bytes and its suffix, which chunks come out."""

    tokens: int
    """Tokens in a chunk, at most."""
    strategy: ChunkingStrategy = "headings"
    overlap: int = 0
    """Tokens that a chunk repeats of the one before it; only `overlapping` does."""
    pdf_ocr: str = ""
    """Tesseract's languages (`eng+deu`) for pages without text; empty: no OCR."""

    @classmethod
    def of(cls, said: ChunkingSettings, *, tokens: int, pdf_ocr: str = "") -> "ReadingRules":
        """Rules of an agent: what its agent.yaml says, else the settings' `tokens`."""
        size = said.tokens or tokens
        overlap = said.overlap if said.overlap is not None else size // 5
        return cls(
            tokens=size,
            strategy=said.strategy,
            overlap=min(overlap, size // 2) if said.strategy == "overlapping" else 0,
            pdf_ocr=pdf_ocr,
        )

    @property
    def cutting(self) -> Cutting:
        return Cutting(self.strategy, self.tokens, self.overlap)

    @property
    def name(self) -> str:
        """Names these rules in a reader's id; other rules make other documents."""
        size = f"{self.strategy}-{self.tokens}" + (f"-{self.overlap}" if self.overlap else "")
        if self.strategy == "semantic":
            size = f"{size}-of-{MOST_SENTENCES}"
        return f"{size}/ocr-{self.pdf_ocr}" if self.pdf_ocr else size
