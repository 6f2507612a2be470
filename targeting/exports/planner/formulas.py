"""What the workbook says of itself: how to use it, and how each number is computed."""

from __future__ import annotations

from typing import Final

HOW_TO: Final = (
    "Type what you order into the yellow column Order of the sheet Suggestions; it starts as "
    "Suggested. This page and By category follow.",
    "Other yellow cells (on hand, on order, service level, lead time) may be changed too: Needed, "
    "cover and risk follow at once. Suggested does not: it settles the budget among all lines.",
    "Needed is what one line asks for by itself, in whole packs. Suggested is what is left of it "
    "after transfers and within the budget (▼ where it is cut). An Order that differs is marked ≠, "
    "one that is more than what a changed cell now needs ▲; "
    "say why under Reason, and it is kept with the order.",
    "Risk is the chance of running out before a delivery ordered now could come: ▲ from 20%, ▲▲ "
    "from 50%. Look at says in words what the colours mean.",
    "The + above the columns to the right unfolds the workings: cost, levels, limits, rules and "
    "defaults of each line.",
)

FORMULAS: Final = {
    "Weekly demand": "Weeks counted back from the day of the run, net of returns, at most 104. "
    "Smooth and erratic: exponential smoothing, less up to half of alpha where weeks vary (after "
    "Syntetos and Boylan 2005). Intermittent and lumpy: IMAPA (Petropoulos and Kourentzes 2015), "
    "buckets of at most 4 weeks. Under 8 weeks since the first sale: halfway between that and "
    "their mean, and products that were new in the category before (10 or more of them) count as "
    "half a week. The week of a rare product's first sale counts by an eighth.",
    "Demand class": "Average interval 1.32 and squared variation 0.49, from the first sale on "
    "(Syntetos, Boylan and Croston 2005).",
    "Weekly demand for levels": "Exponential smoothing without that discount, which would leave "
    "levels short.",
    "Days out of stock": "Days of the last 26 weeks without stock and without a sale, by the "
    "counts; taken out of the weekly demand.",
    "For campaigns": "Units that tonight's campaigns add to order up to: buyers more than without "
    "the campaign x what an order of their segment holds, in 30 days; the part of them that "
    "falls into lead time + review. Fixed: it does not follow a changed lead time.",
    "Weekly spread": "Root mean square of the one-step errors of that smoothing.",
    "ABC, XYZ": "ABC: share of 52 weeks' revenue, the product itself included, A to 80%, B to 95%. "
    "XYZ: standard deviation / mean of weekly demand, X to 0.5, Y to 1.",
    "Available": "on hand - reserved + on order",
    "Safety stock": "z(service level) x square root of (weeks x spread² + demand² x lead time "
    "spread² + units for campaigns), weeks = lead time + review (Silver, Pyke and Thomas 2017); "
    "campaigns add the spread of a Poisson number.",
    "Reorder point": "demand and campaigns over the lead time + z x their spread: at or below "
    "it, a line is low.",
    "Order up to": "demand and campaigns over lead time + review + safety stock (periodic "
    "review: every line below it is ordered up to it at each review).",
    "Needed": "order up to - available, up to whole packs, at least the smallest order, at most "
    "the rule's limit and what sells within the shelf life (where that is under the supplier's "
    "minimum: 0); discontinued, or unsold for 26 weeks: 0.",
    "Smallest order": "The supplier's minimum order in whole packs; where the shop says what an "
    "order and holding cost, the economic order quantity (Harris 1913) if that is more, within "
    "the rule's limit and unless a rule sets cover. A line that is short of less needs this much: "
    "Needed jumps from 0 to it. Order may be less: only an order under the supplier's minimum is "
    "warned of when it is read back.",
    "Sells within shelf life": "Weekly demand over the shelf life, and what campaigns add after "
    "the delivery, less what is then left of what is available, down to whole packs; empty "
    "without a shelf life.",
    "Transfer in": "What other locations can spare beyond their own order up to: it comes first.",
    "Suggested": "Needed, less what comes from other locations, within the budget: lines that lose "
    "the least margin for their money are cut first.",
    "Margin lost if left out": "(price - unit cost) x units short by the end of lead time + "
    "review, less those short before a delivery could come (normal loss function, Silver, Pyke "
    "and Thomas 2017).",
    "Stock-out risk": "Probability that demand and campaigns over the lead time exceed what is "
    "available.",
    "Wanted by": "Segments whose share of the product's units in 26 weeks is at least 1.2 times "
    "their share of all units.",
    "Expected units by segment": "Weekly demand, shared by the units that each segment's buyers "
    "took in 26 weeks, weighed by their likelihood to buy again.",
}
