"""What goes wrong between the program and a database: the user's mistake, or the machine's."""

from __future__ import annotations

from dataclasses import dataclass

from targeting.problems import Place, Refused, refuse
from targeting.workspace.databases import Address


class Unreachable(ConnectionError):
    """The database is not there, or went away. Nobody's mistake: the same may work later."""


@dataclass(frozen=True)
class Asked:
    """Which database is asked, for what, and where the user wrote so.

    Parameters:
        what: in the reader's words, such as "source customers".
        place: of the address.
        content: of the table or query.
        refused: the code of a problem with the content.
    """

    address: Address
    what: str
    place: Place
    content: Place
    refused: str

    def unreachable(self, why: str) -> Unreachable:
        """Say in one line that the database is not there."""
        where = f"{self.place.file}:{self.place.line}"
        return Unreachable(
            f"{where}: {self.what}: the database {self.address.shown} cannot be used now: "
            f"{one_line(why)}; run again when it can"
        )

    def no_entry(self, why: str) -> Refused:
        """Refuse a user, password or name of a database that the server does not know."""
        message = f"{self.what}: {self.address.shown} lets nobody in: {one_line(why)}"
        variable = self.address.password_env or "PGPASSWORD"
        help_ = f"check user, database, and the password in the variable {variable}"
        return refuse("I051", message, self.place, help_)

    def wrong(self, why: str, instead: str | None = None) -> Refused:
        """Refuse what the database says of the table or query."""
        message = f"{self.what}: {self.address.shown}: {one_line(why)}"
        return refuse(self.refused, message, self.content, instead)

    def no_driver(self) -> Refused:
        """Say how to install what PostgreSQL needs."""
        message = f"{self.what}: the driver of PostgreSQL is not installed"
        return refuse("I050", message, self.place, "pip install 'targeting[postgresql]'")


def one_line(text: str) -> str:
    """Write a database's message in one line."""
    return " ".join(text.split())
