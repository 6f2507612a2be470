"""What a night asks of the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Window:
    """The days after `after`, up to as_of, on one channel or (None) on all together."""

    channel: str | None
    after: dt.date


@dataclass(frozen=True)
class Question:
    """What a night asks of the past.

    Parameters:
        cooldowns: by rule, the day after which a contact still counts; None: whenever it was.
        last_contact: whether to find each customer's newest contact in all of history.
    """

    as_of: dt.date
    windows: tuple[Window, ...] = ()
    cooldowns: Mapping[str, dt.date | None] = field(default_factory=dict)
    last_contact: bool = False

    @property
    def start(self) -> dt.date:
        """The day after which contacts are looked at one by one."""
        ends = [window.after for window in self.windows]
        ends += [after for after in self.cooldowns.values() if after is not None]
        return min([*ends, self.as_of - dt.timedelta(days=1)])

    @property
    def once_ever(self) -> list[str]:
        """The rules whose cooldown never ends."""
        return [rule for rule, after in self.cooldowns.items() if after is None]
