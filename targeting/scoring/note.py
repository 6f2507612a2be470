"""What a reader must know about a score, found while it was made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One warning: a stable code, the field it is about (empty: the whole score), a sentence.

    L001 leakage; L002 an input dated after the cut-off; L003 an attribute that knows what came
    after; M001 scored another way than asked; M002 too few to learn from; M003 no history; M004 no
    better than chance; M005 judged on few; M006 an input left out; M007 fewer segments than wished;
    M008 a feature that tells nobody apart; M009 the number of segments is not stable; M013 a name
    does not fit its segment; M014 a fresh fit would be tighter; M015 customers have drifted.
    """

    code: str
    field: str
    text: str

    def as_dict(self) -> dict[str, str]:
        """Give the manifest's form."""
        return {"code": self.code, "field": self.field, "text": self.text}
