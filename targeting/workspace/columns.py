"""The program's own names: which columns each source may have, and their types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal["number", "money", "category", "text", "list", "date", "yes/no"]
SourceName = Literal["customers", "purchases", "products", "stock", "suppressions", "responses"]


@dataclass(frozen=True)
class Column:
    """A column of a source: its type, and whether a row can do without it."""

    type: FieldType
    required: bool = False


# design.md section 2: what a source is made of, after mapping.
SOURCE_COLUMNS: dict[SourceName, dict[str, Column]] = {
    "customers": {
        "customer_id": Column("text", required=True),
    },
    "purchases": {
        "purchased_on": Column("date", required=True),
        "amount": Column("money", required=True),
        "unit_price": Column("money"),
        "customer_id": Column("text"),
        "quantity": Column("number"),
        "transaction_id": Column("text"),
        "product_id": Column("text"),
        "location": Column("text"),
    },
    "products": {
        "product_id": Column("text", required=True),
        "product": Column("text"),
        "category": Column("category"),
        "brand": Column("category"),
        "supplier": Column("text"),
        "unit_cost": Column("money"),
        "price": Column("money"),
        "pack_size": Column("number"),
        "minimum_order": Column("number"),
        "shelf_life_days": Column("number"),
        "lead_time_days": Column("number"),
        "lead_time_sd_days": Column("number"),
        "discontinued": Column("yes/no"),
    },
    "stock": {
        "product_id": Column("text", required=True),
        "on_hand": Column("number", required=True),
        "location": Column("text"),
        "on_order": Column("number"),
        "reserved": Column("number"),
        "counted_on": Column("date"),
    },
    "suppressions": {
        "customer_id": Column("text"),
        "email": Column("text"),
        "phone": Column("text"),
        "domain": Column("text"),
    },
    "responses": {
        "customer_id": Column("text"),
        "email": Column("text"),
        "event": Column("category", required=True),
        "happened_on": Column("date", required=True),
        "channel": Column("text"),
        "rule": Column("text"),
    },
}

EVENTS = ("delivered", "bounced", "opened", "clicked", "unsubscribed", "complained", "bought")

# Which columns tell two rows of one thing apart; other sources are never deduplicated.
IDENTITY: dict[SourceName, tuple[str, ...]] = {
    "customers": ("customer_id",),
    "products": ("product_id",),
    "stock": ("product_id", "location", "counted_on"),
}
