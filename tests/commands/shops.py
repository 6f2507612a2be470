"""Shops that several commands are tried on."""

from __future__ import annotations

from tests.kit.shop import SMALL

SETTINGS = SMALL["targeting.yaml"]
CUSTOMERS = SMALL["customers.csv"]
HEADER = CUSTOMERS.splitlines()[0] + "\n"

STOP_IF = (
    "stop_if: {rejected_over: 20%, newest_purchase_older_than: 3 days, list_changed_over: 50%}\n"
)
BOUGHT = "cust,when,paid,receipt,sku,qty\n"
PURCHASES = (
    BOUGHT
    + """\
a,2026-11-01,10.00,r1,s1,1
a,2026-11-20,20.00,r2,s2,2
b,2026-10-01,5.50,r3,s1,1
,2026-10-02,5.50,r4,s1,1
c,2026-11-23,-5.50,r5,s1,-1
"""
)
BUYERS = {
    "targeting.yaml": """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: newest_purchase
sources:
  purchases:
    file: purchases.csv
    columns: {customer_id: cust, purchased_on: when, amount: paid, transaction_id: receipt, product_id: sku, quantity: qty}
""",
    "purchases.csv": PURCHASES,
    "rules/policy.yaml": "key: k\nchannels: {counter: {cost: 0}}\n",
    "rules/marketing/all.yaml": """\
title: All buyers
priority: 1
when: {all: [{frequency: {at_least: 1}}]}
then: {offer: hello, channel: counter, message: m.j2}
examples:
  - {case: one, given: {frequency: 1}, expect: in}
  - {case: none, given: {frequency: 0}, expect: out}
""",
    "templates/messages/m.j2": "Hi {{ customer_id }}\n",
}
SEGMENTS = """\
features: {frequency: {}, monetary: {}}
names:
  "Big, *or* A/B?": {frequency: high}
  "...": {frequency: low}
"""
LIKELIHOOD = """\
likelihood:
  predicts: {buys_within: 30 days}
  from: [recency_days, frequency, monetary]
  model: cart
"""


def many_purchases(customers: int = 60) -> str:
    """Write up to six purchases for each of many customers, over a year and a bit."""
    lines = [
        f"c{i},2026-{(i * 7 + k * 3) % 11 + 1:02}-{(i + k * 5) % 23 + 1:02},{i + k}.50,r{i}_{k},s{k},1"
        for i in range(customers)
        for k in range(i % 6 + 1)
    ]
    return BOUGHT + "\n".join([*lines, "c0,2026-11-23,1,last,s1,1"]) + "\n"
