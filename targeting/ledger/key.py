"""The key under which the ledger knows customers, and their keyed hashes."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

import polars as pl

from targeting.durable import sync_folder
from targeting.problems import Place, refuse

_FORM = re.compile(r"[0-9a-f]{64}")
_CHECKED_TEXT = b"the key of this ledger"


def read_key(path: Path) -> str:
    """Read the key: 64 hex digits, whose ASCII bytes are the key of every HMAC.

    Raises:
        Refused: L101 where there is no such file, L103 where it holds no key.
    """
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        message = "the key of the ledger is not here, so nobody in it can be recognised"
        help_ = "bring the file back from a copy, or say where it is with  key_file: PATH"
        raise refuse("L101", message, Place(str(path)), help_) from None
    except OSError as error:
        message = f"the key of the ledger cannot be read: {(error.strerror or 'no reason').lower()}"
        raise refuse("L103", message, Place(str(path)), "let this user read the file") from None
    if _FORM.fullmatch(text) is None:
        message = "this is not a ledger's key: it must be one line of 64 hexadecimal digits"
        help_ = "bring the file back from a copy; with another key nobody would be recognised"
        raise refuse("L103", message, Place(str(path)), help_)
    return text


def make_key(path: Path) -> str:
    """Make a key file that only its owner can read, whole or not at all; never replaces one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another run was faster: its key is the key
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)
    return read_key(path)


def check_value(key: str) -> str:
    """Give what the ledger keeps to recognise its key: the HMAC of a fixed text, in hex."""
    return hmac.new(key.encode(), _CHECKED_TEXT, hashlib.sha256).hexdigest()


def hmac_of(texts: pl.Expr, key: str) -> pl.Expr:
    """Hash texts by HMAC-SHA256 (RFC 2104) of their UTF-8: Binary of 32 bytes; missing stays."""
    import polars_hash  # noqa: F401  # gives expressions their `chash`

    hashed: pl.Expr = texts.chash.hmac_sha256(key=key)  # type: ignore[attr-defined]
    return hashed.str.decode("hex")
