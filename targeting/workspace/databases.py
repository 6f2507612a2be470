"""What a user writes of a database: its address without a password, and what lies in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field

from targeting.workspace.forms import Form, Text, refused

POSTGRESQL: Final = ("postgresql", "postgres")
SQLITE: Final = "sqlite"
SPARK: Final = "spark"  # the tables that Spark knows by name, whatever they are
_HELP: Final = "postgresql://user@host:5432/shop, or sqlite:///data/shop.db"
_ELSEWHERE: Final = "set PGPASSWORD, or name a variable of the environment: password_env: SHOP_DB"
_SECRETS: Final = frozenset({"password", "sslpassword"})


def _address(url: str) -> str:
    """Refuse what is no address, and a password in it, without repeating either."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in (*POSTGRESQL, SQLITE)
        secret = parts.password is not None or bool(_SECRETS & set(parse_qs(parts.query)))
        sound = known and parts.port != 0
    except ValueError:
        raise refused("this is no address of a database", _HELP) from None
    if secret:
        raise refused("a password does not belong into a file", _ELSEWHERE)
    if not sound or (parts.scheme == SQLITE and not sqlite_path(url)):
        raise refused("this is no address of a database", _HELP)
    return url


def _of_source(text: str) -> str:
    return text if text == SPARK else _address(text)


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        # It may be the password itself: it is not repeated.
        raise refused("this is not the name of a variable", "password_env: SHOP_DB_PASSWORD")
    return name


def sqlite_path(url: str) -> str:
    """Give the file of a sqlite:///FILE address; a fourth slash begins an absolute path."""
    return url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else ""


DatabaseUrl = Annotated[str, AfterValidator(_address)]
SourceUrl = Annotated[str, AfterValidator(_of_source)]
Variable = Annotated[str, AfterValidator(_variable)]


@dataclass(frozen=True)
class Address:
    """A database, and the variable that holds its password where PGPASSWORD does not.

    It may also be the catalogue of Apache Spark, which has no address.
    """

    url: str
    password_env: str | None = None
    folder: Path = Path()  # where a relative path of SQLite begins

    @property
    def is_sqlite(self) -> bool:
        """Say whether it is a file of SQLite."""
        return self.url.startswith(f"{SQLITE}:")

    @property
    def is_spark(self) -> bool:
        """Say whether it is what Spark knows by name."""
        return self.url == SPARK

    @property
    def path(self) -> Path:
        """Give the file of SQLite."""
        return self.folder / sqlite_path(self.url)

    @property
    def shown(self) -> str:
        """Give the address as messages and manifests have it: no user, no parameters."""
        if self.is_spark:
            return SPARK
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"


class DeliverForm(Form):
    """The table that a destination's lists are delivered to, besides their files."""

    to: DatabaseUrl
    table: Annotated[Text, Field(max_length=127)]
    password_env: Variable | None = None

    def address(self, folder: Path) -> Address:
        """Say where that is, for a workspace in this folder."""
        return Address(self.to, self.password_env, folder)


def schema_of(table: str) -> tuple[str, ...]:
    """Part schema.table; a name with more points, or none, is the table's own."""
    schema, _, name = table.partition(".")
    return (schema, name) if schema and name and "." not in name else (table,)
