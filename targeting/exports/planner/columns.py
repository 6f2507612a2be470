"""The columns of the sheet Suggestions: headers, what the planner may change, live formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xlsxwriter.utility import xl_col_to_name

from targeting.exports.planner.table import Column
from targeting.stock.formulas.levels import HIGHEST_SERVICE, LOWEST_SERVICE
from targeting.stock.inputs import MOST_UNITS
from targeting.stock.terms import LONGEST_DAYS

SUGGESTIONS: Final = "Suggestions"
MOST_IN_STOCK: Final = 1e12
INPUT_ENDS: Final[Mapping[str, tuple[float, float]]] = {
    "on_hand": (0, MOST_IN_STOCK),
    "on_order": (0, MOST_IN_STOCK),
    "reserved": (0, MOST_IN_STOCK),
    "service_level": (LOWEST_SERVICE, HIGHEST_SERVICE),
    "lead_time_days": (0, LONGEST_DAYS),
    "lead_time_sd_days": (0, LONGEST_DAYS),
    "review_days": (0, LONGEST_DAYS),
}

_BOTH_WEEKS = "({lead_time_days}+{review_days})/7"
_LEAD_MEAN = "({level_demand}*{lead_time_days}/7+{campaign_lead_units})"
_SHORT = "{order_up_to}-{available}"
_WITHIN = "MIN({in_packs},{limit},{sells_in_time})"  # MIN leaves empty cells out
_LEAST_ORDER = "MAX(1,ROUNDUP({minimum_order}/{pack_size},0))*{pack_size}"
_LEFT_AT_DELIVERY = "MAX({available}-{weekly_demand}*{lead_time_days}/7-{campaign_lead_units},0)"
_IN_SHELF_LIFE = (
    "{weekly_demand}*{shelf_life_days}/7+{campaign_units}-{campaign_lead_units}-"
    + _LEFT_AT_DELIVERY
)


def _spread(weeks: str, campaigns: str) -> str:
    """Take the spread over weeks; the units that campaigns add are spread as Poisson's."""
    lead = "({level_demand}*{lead_time_sd_days}/7)^2"
    return f"SQRT({weeks}*{{weekly_sd}}^2+{lead}+{campaigns})"


LINE_COLUMNS: Final = (
    Column("id", "Line id", 4),
    Column("product_id", "Product id", 11),
    Column("product", "Product", 27),
    Column("location", "Location", 11, seldom=True),
    Column("category", "Category", 13),
    Column("on_hand", "On hand", 7, "input_units"),
    Column("on_order", "On order", 7, "input_units"),
    Column("weekly_demand", "Weekly demand", 8, "rate"),
    Column("days_out_of_stock", "Days out of stock", 8, "whole", seldom=True),
    Column("campaign_units", "For campaigns", 10, "rate", seldom=True),
    Column(
        "cover_days", "Cover days", 7, "weeks",
        'IF({weekly_demand}>0,MAX({available},0)/{weekly_demand}*7,"")',
    ),
    Column(
        "needed", "Needed", 8, "whole",
        'IF(OR({orderable}="no",{order_up_to}<0.5,' + _SHORT + "<=1E-9),0,"
        f"IF({_WITHIN}<{_LEAST_ORDER},0,{_WITHIN}))",
    ),
    Column("transfer_in", "Transfer in", 8, "whole", seldom=True),
    Column("quantity", "Suggested", 10, "whole"),
    Column("pack_size", "Pack size", 6, "days"),
    Column("order", "Order", 8, "order"),
    Column("reason", "Reason", 16, "input_text"),
    Column("line_cost", "Line cost", 14, "money", 'IF({unit_cost}="","",{order}*{unit_cost})'),
    Column(
        "stockout_risk", "Stock-out risk", 9, "risk",
        "IF({lead_spread}>0,_xlfn.NORM.S.DIST((" + _LEAD_MEAN + "-{available})"
        "/{lead_spread},TRUE),IF(" + _LEAD_MEAN + ">{available},1,0))",
    ),
    Column("flags", "Look at", 12, "wrap"),
    Column("service_level", "Service level", 8, "input_share"),
    Column("lead_time_days", "Lead time days", 8, "input_days"),
    Column("because", "Because", 70, "wrap"),
    Column("rule", "Rules", 34, "wrap"),
    Column("brand", "Brand", 12, workings=True),
    Column("supplier", "Supplier", 18, workings=True),
    Column("abc", "ABC", 5, workings=True),
    Column("xyz", "XYZ", 5, workings=True),
    Column("demand_class", "Demand class", 12, workings=True),
    Column("method", "Method", 14, workings=True),
    Column("wanted_by", "Wanted by", 20, "wrap", workings=True),
    Column("weekly_sd", "Weekly spread", 9, "exact", workings=True),
    Column("level_demand", "Weekly demand for levels", 11, "exact", workings=True),
    Column("lead_time_sd_days", "Lead time spread days", 9, "input_units", workings=True),
    Column("review_days", "Review days", 8, "input_days", workings=True),
    Column("campaign_lead_units", "For campaigns before delivery", 10, "exact", workings=True),
    Column("reserved", "Reserved", 9, "input_units", workings=True),
    Column(
        "available", "Available", 9, "rate", "{on_hand}-{reserved}+{on_order}", workings=True
    ),
    Column(
        "lead_spread", "Spread over lead time", 10, "exact",
        _spread("{lead_time_days}/7", "{campaign_lead_units}"), workings=True,
    ),
    Column(
        "safety_stock", "Safety stock", 9, "exact",
        "_xlfn.NORM.S.INV({service_level})*" + _spread(_BOTH_WEEKS, "{campaign_units}"),
        workings=True,
    ),
    Column(
        "reorder_point", "Reorder point", 9, "exact",
        _LEAD_MEAN + "+_xlfn.NORM.S.INV({service_level})*{lead_spread}", workings=True,
    ),
    Column(
        "order_up_to", "Order up to", 9, "exact",
        "{level_demand}*" + _BOTH_WEEKS + "+{campaign_units}+{safety_stock}", workings=True,
    ),
    Column("minimum_order", "Minimum order", 9, "whole", workings=True),
    Column("smallest_order", "Smallest order", 9, "whole", workings=True),
    Column("limit", "Limit by rule", 9, "whole", workings=True),
    Column("shelf_life_days", "Shelf life days", 9, "days", workings=True),
    Column(
        "sells_in_time", "Sells within shelf life", 10, "whole",
        'IF({shelf_life_days}="","",ROUNDDOWN(MIN(MAX(' + _IN_SHELF_LIFE + ",0),"
        f"{MOST_UNITS:.0f})" + "/{pack_size}+1E-9,0)*{pack_size})",
        workings=True,
    ),
    Column("orderable", "May be ordered", 9, workings=True),
    Column(
        "in_packs", "In whole packs", 9, "whole",
        "IF(" + _SHORT + ">1E-9,MAX({smallest_order},ROUNDUP("
        f"MIN({_SHORT},{MOST_UNITS:.0f})" + "/{pack_size}-1E-9,0)*{pack_size}),0)",
        workings=True,
    ),
    Column("unit_cost", "Unit cost", 12, "money", workings=True),
    Column("price", "Price", 12, "money", workings=True),
    Column(
        "expected_lost_margin", "Margin lost if left out", 14, "round_money", workings=True
    ),
    Column("defaults", "Defaults", 90, workings=True),
    Column("category_number", "Category number", 9, "days", workings=True),
)  # fmt: skip
PLACES: Final[Mapping[str, int]] = {c.source: place for place, c in enumerate(LINE_COLUMNS)}


def cells(source: str, lines: int) -> str:
    """Name a column's cells on the sheet of suggestions, for the other sheets' formulas."""
    name = xl_col_to_name(PLACES[source], col_abs=True)
    return f"{SUGGESTIONS}!{name}$2:{name}${max(lines, 1) + 1}"
