"""Who extracts with what: the settings' profile and budgets, an agent's prompt and tier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dagster_kb.entities.extraction import EXTRACTOR
from dagster_kb.extraction.extractor import Extractor, first_model
from dagster_kb.extraction.job import CONCURRENCY
from dagster_kb.extraction.prompts_on_file import prompt_named
from dagster_kb.resources.ledger_books import LedgerBooks
from dagster_kb.resources.ledger_entities import ExtractedBy
from dagster_kb.resources.ledger_money import MoneyLedger
from kb_contract.agent_manifest import AgentManifest
from kb_contract.chat_models.profiles import Profile, chosen_profile, read_models_file
from kb_contract.chat_models.switchboard import Switchboard
from kb_contract.extraction_settings import ExtractionSettings


@dataclass(frozen=True)
class ExtractionDesk:
    """Nothing is read or loaded before the first agent that extracts."""

    money: MoneyLedger = field(repr=False)
    llm_profile: str = ""
    llm_profiles: str = ""
    ask_above: float = 1.0
    """Dollars that a run may cost without a word of a person."""
    concurrency: int = CONCURRENCY

    @cached_property
    def _profile(self) -> Profile | None:
        return chosen_profile(self.llm_profile, self.llm_profiles)

    @cached_property
    def _board(self) -> Switchboard | None:
        return Switchboard(self._profile, self.money.keep_state) if self._profile else None

    def extractor(self, settings: ExtractionSettings) -> Extractor:
        """Return what an agent's passages are read by."""
        prompt = prompt_named(settings.prompt)
        tier = self._profile.tier_for(settings.tier, None) if self._profile else settings.tier
        return Extractor(prompt, tier, self._board)

    def books(self, agent: str | None, dagster_run: str | None, *, approved: bool) -> LedgerBooks:
        budgets = read_models_file(self.llm_profiles).budgets if self._profile else ()
        return LedgerBooks(self.money, budgets, agent, dagster_run, approved)

    def limit(self, settings: ExtractionSettings) -> float:
        return self.ask_above if settings.ask_above is None else settings.ask_above

    def names_by(self, manifest: Mapping[str, Any]) -> ExtractedBy:
        """Say who finds an agent's names: names that were read out are used where it has them read."""
        settings = AgentManifest.model_validate(manifest).extraction
        key = self.extractor(settings).key if settings.names_are_read else {}
        return ExtractedBy(EXTRACTOR, **key)

    def situated_by(self, settings: ExtractionSettings) -> str:
        """Name what gives passages their sentence; with another one they are embedded anew."""
        if not settings.situate:
            return ""
        model = first_model(self._profile, settings.tier)
        return f"{prompt_named(settings.prompt).sha256[:12]}:{model}"
