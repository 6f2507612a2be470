"""What hovering over a field says: its meaning, type, unit, range, and where it comes from."""

from __future__ import annotations

from targeting.workspace.catalogue import Field

_MEANING = {
    "recency_days": "Days since the last purchase.",
    "frequency": "How many purchases so far.",
    "monetary": "Spent so far, returns taken off.",
    "average_order_value": "Spent per purchase.",
    "tenure_days": "Days since the first purchase.",
    "days_between_purchases": "Days from one purchase to the next, on average.",
    "return_rate": "Share of the bought units that came back.",
    "spend_90_days": "Spent in the last 90 days.",
    "spend_trend": "Spend of the last 90 days against the 90 before: 10% is a tenth more.",
    "favourite_brand": "The brand that most was spent on.",
    "brand_affinity": "Ten times the favourite brand's share of what was spent.",
    "favourite_category": "The category that most was spent on.",
    "categories_bought": "Every category with a purchase.",
    "last_contacted_on": "The last day on which any rule contacted the customer.",
    "last_delivered_on": "The last day on which a message was delivered.",
    "last_opened_on": "The last day on which a message was opened.",
    "last_clicked_on": "The last day on which a message was clicked.",
    "last_bounced_on": "The last day on which a message could not be delivered.",
    "opens_90_days": "Messages opened in the last 90 days.",
    "clicks_90_days": "Messages clicked in the last 90 days.",
    "segment": "The customer's segment, as segments/customers.yaml names them.",
    "wanted_by": "Segments that buy more of this product than their share of everything.",
    "top_segment": "The segment that buys most of this product.",
    "abc": "A: the products that make most of the turnover, then B, then C.",
    "xyz": "X: steady demand, then Y, then Z: unsteady.",
    "demand_class": "The pattern of demand.",
    "weekly_demand": "Units sold in a week.",
    "weekly_sd": "How much weekly demand varies (standard deviation).",
    "on_hand": "Units in stock.",
    "on_order": "Units ordered and not yet delivered.",
    "reserved": "Units promised to somebody.",
    "available": "Units in stock and not reserved.",
    "days_of_cover": "Days that the stock lasts.",
    "counted_on": "The day on which stock was counted.",
}

_ORIGIN = {
    "customers": "from customers",
    "purchases": "computed from purchases",
    "measures": "a measure of targeting.yaml",
    "derived": "derived in targeting.yaml",
    "segments": "from segments/customers.yaml",
    "likelihood": "from segments/likelihood.yaml",
    "ledger": "from earlier runs",
    "responses": "from responses",
    "products": "from products",
    "stock": "from stock",
}


def describe(field: Field) -> str:
    """Say in a line or two what a field is."""
    return "\n".join(part for part in (_meaning(field), _form(field)) if part)


def _meaning(field: Field) -> str:
    if field.title:
        return field.title
    if field.origin == "likelihood" and field.type == "number":
        return "How likely it is, from 0 to 1."
    own = field.origin in ("customers", "measures", "derived")
    return "" if own else _MEANING.get(field.name, "")


def _form(field: Field) -> str:
    parts = [
        f"{field.type} in {field.unit}" if field.unit else field.type,
        _range(field),
        _values(field),
        "may be missing" if field.may_be_missing else "never missing",
        "personal" if field.personal else "",
        _ORIGIN[field.origin],
    ]
    return ", ".join(part for part in parts if part)


def _range(field: Field) -> str:
    if field.low is None:
        return "" if field.high is None else f"{field.high:g} or less"
    return f"{field.low:g} or more" if field.high is None else f"{field.low:g} to {field.high:g}"


def _values(field: Field) -> str:
    if field.values is None:
        return ""
    shown = " | ".join(field.values[:12])
    return f"one of {shown}" + (" | …" if len(field.values) > 12 else "")
