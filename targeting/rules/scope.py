"""What names mean where a condition stands, and the problems found on the way."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field, replace

from targeting.problems import Place, Problem, Severity, did_you_mean
from targeting.rules.absent import Absence
from targeting.rules.model import Group
from targeting.rules.shared import Shared
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.yaml import MOST_PROBLEMS, Scalar


@dataclass(frozen=True)
class KnownAudience:
    """An audience that was read already; None where it has problems of its own."""

    when: tuple[Group, ...] | None
    uses: frozenset[str]  # names of audiences and lists
    size: int  # how many tests it comes to, with the audiences inside it


@dataclass
class Scope:
    """Names of fields, shared definitions and settings; what was used, and what is wrong."""

    catalogue: Catalogue
    shared: Shared = field(default_factory=Shared)
    absent: Lookup[str, Absence] = field(default_factory=dict)  # a field that is not here -> why
    settings: Lookup[str, Scalar] = field(default_factory=dict)
    elsewhere: Catalogue = field(default_factory=dict)  # the fields of the other kind of rows
    audiences: dict[str, KnownAudience] = field(default_factory=dict)  # filled as they are read
    problems: list[Problem] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # names of audiences and lists, $settings
    inside: tuple[str, ...] = ()  # audiences being read, for circles
    size: int = 0
    sound: bool = True  # false as soon as something could not be read

    def report(self, code: str, message: str, place: Place, instead: str | None = None) -> None:
        """Note an error and go on."""
        self.sound = False
        self._note(Problem(code, message, place, instead))

    def warn(self, code: str, message: str, place: Place, instead: str | None = None) -> None:
        """Note a warning and go on."""
        severity: Severity = "warning"
        self._note(Problem(code, message, place, instead, severity))

    def suggest(self, word: str, known: Iterable[str], *, what: str = "one of") -> str | None:
        """Propose a word, as long as the file has few problems: looking for thousands is slow."""
        few = len(self.problems) < MOST_PROBLEMS
        return did_you_mean(word, known, what=what) if few else None

    def within(self, audience: str) -> Scope:
        """Give the scope inside an audience: no settings, problems and uses of its own."""
        return replace(
            self,
            settings={},
            problems=[],
            used=set(),
            inside=(*self.inside, audience),
            size=0,
            sound=True,
        )

    def _note(self, problem: Problem) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
