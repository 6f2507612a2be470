"""A small shop: what was sold in each week, oldest first, up to AS_OF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl
import pytest

from targeting.stock.products import product_table
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.literals import Period
from targeting.workspace.settings import Ordering

AS_OF = dt.date(2026, 11, 24)
ORDERING = Ordering(
    service_level={"A": Decimal("0.98"), "B": Decimal("0.95"), "C": Decimal("0.90")},
    review=Period(1, "week"),
    lead_time=Period(2, "week"),
)
SALES = {
    "customer_id": pl.String,
    "purchased_on": pl.Date,
    "amount": pl.Int64,
    "quantity": pl.Float64,
    "product_id": pl.String,
    "location": pl.String,
}


@dataclass
class SmallShop:
    """Collects rows; `table` and `suggest` run the program on them."""

    as_of: dt.date = AS_OF
    sales: list[dict[str, object]] = field(default_factory=list)
    products: list[dict[str, object]] | None = None
    stock: list[dict[str, object]] | None = None
    customers: list[dict[str, object]] | None = None

    def sold(
        self,
        product: str,
        weeks: Sequence[float],
        *,
        price: int = 1000,
        customer: str | None = None,
        location: str | None = None,
    ) -> SmallShop:
        """Add a sale a week, the last of them on AS_OF; negative is a return, 0 no sale."""
        for age, units in enumerate(reversed(weeks)):
            day = self.as_of - dt.timedelta(weeks=age)
            row = (customer, day, round(units * price), float(units), product, location)
            if units:
                self.sales.append(dict(zip(SALES, row, strict=True)))
        return self

    def listed(self, product: str, **columns: object) -> SmallShop:
        """Add a product to the list."""
        self.products = [*(self.products or []), {"product_id": product, **columns}]
        return self

    def counted(self, product: str, on_hand: float, **columns: object) -> SmallShop:
        """Add a count of stock."""
        row = {"product_id": product, "on_hand": on_hand, **columns}
        self.stock = [*(self.stock or []), row]
        return self

    def known(self, customer: str, **columns: object) -> SmallShop:
        """Add a customer."""
        self.customers = [*(self.customers or []), {"customer_id": customer, **columns}]
        return self

    def table(self) -> pl.DataFrame:
        """Run `product_table`."""
        return product_table(
            pl.DataFrame(self.sales, schema=SALES),
            _frame(self.products),
            _frame(self.stock),
            _frame(self.customers),
            self.as_of,
        )

    def suggest(
        self, ordering: Ordering = ORDERING, rules: Sequence[dict[str, object]] = ()
    ) -> Suggestions:
        """Run `suggest` on the table."""
        parameters = _frame(list(rules)) if rules else pl.DataFrame()
        assert parameters is not None
        return suggest(self.table(), parameters, ordering, self.as_of, digits=2)


@pytest.fixture
def shop() -> SmallShop:
    return SmallShop()


@pytest.fixture(scope="session")
def new_shop() -> type[SmallShop]:
    """For tests that need many shops."""
    return SmallShop


def _frame(rows: list[dict[str, object]] | None) -> pl.DataFrame | None:
    return None if rows is None else pl.DataFrame(rows, infer_schema_length=None)
