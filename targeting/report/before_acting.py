"""What to know before acting: the warnings of models, data and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from targeting.problems import in_order
from targeting.report.about_likelihood import said_plainly, warnings_of
from targeting.report.leakage import leaks
from targeting.report.numbers import Night
from targeting.report.parts import Finding, mapping
from targeting.report.speech import Speech

_LIKELIHOODS = "segments/likelihood.yaml"
_FEW = 3  # of one code: thirty rules can have four hundred pairs that both match


@dataclass(frozen=True)
class Warned:
    """A finding, and the code of its kind, if it has one."""

    finding: Finding
    code: str = ""


def warnings_of_night(night: Night) -> tuple[Warned, ...]:
    """List all warnings, each once, leakage first."""
    models = sorted(mapping(night.manifest.get("scores")).items())
    of_models = [
        (leaks(warning), Finding(_sentence(said_plainly(warning)), f"{_LIKELIHOODS}, {name}"))
        for name, model in models
        for warning in warnings_of(mapping(model))
    ]
    found = [Warned(finding) for leak, finding in of_models if leak]
    for problem in in_order(night.problems):
        where = f"{problem.place.file}, line {problem.place.line}"
        finding = Finding(_sentence(problem.message), where, problem.help or "")
        found.append(Warned(finding, problem.code))
    found += [Warned(finding) for leak, finding in of_models if not leak]
    accepted = night.manifest.get("accepted")
    for key in accepted if isinstance(accepted, (list, tuple)) else ():
        text = f"The run was told to go on although this asked it to stop: {key}."
        found.append(Warned(Finding(text, "targeting.yaml, stop_if")))
    return tuple(dict.fromkeys(found))


def few_of_each(warnings: Sequence[Warned], speech: Speech) -> tuple[Finding, ...]:
    """Keep the first of each code, and count the others in their place."""
    return tuple(_told(warnings, speech))


def _told(warnings: Sequence[Warned], speech: Speech) -> Iterator[Finding]:
    found = Counter(warned.code for warned in warnings)
    told = Counter[str]()
    for warned in warnings:
        code = warned.code
        told[code] += 1
        if not code or found[code] <= _FEW + 1 or told[code] <= _FEW:
            yield warned.finding
        elif told[code] == _FEW + 1:
            more = speech.number(found[code] - _FEW)
            yield Finding(f"{more} more like these (code {code}).", "manifest.json, warnings")


def _sentence(text: str) -> str:
    """Begin large, but for names of fields and keys, and end with a full stop."""
    text = text.strip()
    first = text.split(" ", maxsplit=1)[0]
    whole = text[:1].upper() + text[1:] if first.isalpha() else text
    return whole if whole.endswith((".", "!", "?")) else whole + "."
