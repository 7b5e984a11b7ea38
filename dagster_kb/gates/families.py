"""All that passages are looked through for, in one go: what each gate is about is one family."""

from collections.abc import Mapping
from typing import Final

from dagster_kb.gates.evidence import Family
from dagster_kb.gates.injection import injections_in
from dagster_kb.gates.personal_data import personal_data_in
from dagster_kb.gates.scanning import Scanner
from dagster_kb.gates.secrets import secrets_in

FAMILIES: Final[Mapping[Family, Scanner]] = {
    "secrets": secrets_in,
    "personal_data": personal_data_in,
    "injection": injections_in,
}


def families_in(text: str) -> list[Family]:
    """Name the families that find something."""
    return [name for name, scanner in FAMILIES.items() if any(True for _ in scanner(text))]
