"""Whether the services that answers stand on can be reached."""

import time
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from kb_contract.trusted_certificates import trusted_certificates

SECONDS = 2.0


@dataclass(frozen=True)
class QdrantProbe:
    """Asks Qdrant whether it is ready."""

    url: str
    key: SecretStr | None = None

    async def __call__(self) -> float:
        """Return how long the answer took; raise what `httpx` raises."""
        headers = {"api-key": self.key.get_secret_value()} if self.key else {}
        began = time.perf_counter()
        async with httpx.AsyncClient(timeout=SECONDS, verify=trusted_certificates()) as client:
            reply = await client.get(f"{self.url}/readyz", headers=headers)
            reply.raise_for_status()
        return time.perf_counter() - began
