"""Second requests are a share of the first ones, so that an outage is not made worse by asking more."""

from dataclasses import dataclass, field


@dataclass
class RetryBudget:
    """Every call saves a share of a second request; a few are there from the start."""

    share: float = 0.1
    most: float = 5.0
    saved: float = field(default=5.0)

    def called(self) -> None:
        self.saved = min(self.most, self.saved + self.share)

    def take(self) -> bool:
        """Take one second request, if there is one."""
        if self.saved < 1:
            return False
        self.saved -= 1
        return True
