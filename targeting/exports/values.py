"""A customer's values as a template gets them."""

from __future__ import annotations

from typing import Final

import polars as pl
import polars.selectors as cs

_BREAKS: Final = r"[\p{Cc}\x{2028}\x{2029}]+"
_VISIBLE: Final = r"[^\s\p{Cc}\p{Cf}\x{115F}\x{1160}\x{3164}\x{2800}]"


def without_blanks(columns: pl.DataFrame) -> pl.DataFrame:
    """Make texts fit for one line of a message; a blank one is missing.

    A line break inside a name would end an e-mail's subject and begin a header of its own. A text
    of signs that nobody can see is blank.
    """
    columns = columns.cast({cs.decimal(): pl.Float64, cs.categorical() | cs.enum(): pl.String})
    columns = columns.cast({cs.list(cs.categorical() | cs.enum()): pl.List(pl.String)})
    whole = columns.with_columns(
        _on_one_line(pl.col(pl.String)), cs.list(cs.string()).list.eval(_on_one_line(pl.element()))
    )
    return whole.with_columns(
        pl.when(pl.col(pl.String).str.contains(_VISIBLE)).then(pl.col(pl.String)).name.keep(),
        pl.when(pl.col(pl.Float64).is_finite()).then(pl.col(pl.Float64)).name.keep(),
    )


def _on_one_line(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_BREAKS, " ").str.strip_chars()
