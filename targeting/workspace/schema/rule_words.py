"""What hovering over the keys of the rule files says, in the words of the people who write them."""

from __future__ import annotations

from typing import Final

CODES: Final = (
    "S001", "S002", "S003", "S004", "S005", "D001", "D002", "D003", "D004", "N001", "C001",
)  # fmt: skip

RULE_WORDS: Final[dict[str, dict[str, str]]] = {
    "rule": {
        "title": "What the rule is for, in one line.",
        "owner": "Who is asked about this rule.",
        "priority": "1 wins over 2; no two rules of a kind share a number.",
        "active": "The days on which the rule runs, both included; either may be left out.",
        "settings": "Numbers to tune without touching the logic; used below as $name.",
        "when": "Who is in: all, any and none, joined by and.",
        "exclude": "Whoever meets any of these lines is left out.",
        "then": "What is done.",
        "examples": "Cases that prove the rule: at least one that is in and one that is out.",
        "accept": "Findings of `targeting check` that are meant to be, each until a day.",
        "without": "Guardrails of rules/shared.yaml that this rule does not obey, and why.",
        "pick": "How many of those who match, and who comes first.",
        "holdout": "The share that is left alone to measure against, from 0% to 50%.",
        "cooldown": "How long after a contact by this rule nobody is contacted by it again.",
        "budget": "The most that this rule spends in a night.",
        "formerly": "The rule's earlier names, so that its holdout stays the same.",
    },
    "then": {
        "offer": "The offer's code, one word.",
        "channel": "The first of these that is permitted for the customer.",
        "message": "The file of templates/messages/ with the words; {variant: file} for several.",
        "value": "What an accepted offer brings: an amount, or {field: a field with it}.",
        "uplift": "How many more buy because of the contact.",
        "service_level": "Probability of no stock-out until the next delivery, from 50%.",
        "cover": "How long an order lasts beyond the delivery.",
        "order_at_most": "The most that one line orders.",
        "flag": "A word in the planner's sheet.",
        "note": "A sentence in the planner's sheet.",
    },
    "order_at_most": {
        "units": "Pieces.",
        "packs": "Packs of the product's pack size.",
        "money": "At cost, in the shop's currency.",
        "weeks": "Weeks of expected demand.",
    },
    "active": {
        "from": "The first day.",
        "until": "The last day.",
    },
    "pick": {
        "at_most": "The most customers in one run.",
        "highest": "Those with the most of this field first; missing last.",
        "lowest": "Those with the least of this field first; missing last.",
    },
    "holdout": {
        "share": "The share that is left alone.",
        "name": "Rules with the same name leave the same people alone.",
    },
    "without": {
        "guardrail": "A guardrail of this kind of rule.",
        "reason": "Why this rule may go without it.",
    },
    "accept": {
        "check": "The code of the finding.",
        "with": "The other rule, where the finding names one.",
        "reason": "Why it is meant to be.",
        "until": "The last day on which it is silent.",
    },
    "examples": {
        "case": "What is special about it.",
        "given": "Every field that the rule reads, each with a value or `missing`.",
        "expect": "in: the rule takes it. out: it does not.",
        "as_of": "The day of the example, needed only where a date is absolute.",
    },
}

SHARED_WORDS: Final[dict[str, str]] = {
    "audiences": "Conditions with a name, used in rules as  - audience: name",
    "lists": "Values with a name, used in rules as  $name",
    "guardrails": "Who is excluded from every rule of a kind.",
}

TEST_WORDS: Final[dict[str, str]] = {
    "title": "What the test is about.",
    "as_of": "The day of the run.",
    "customers": "A few customers; fields that are not stated are missing.",
    "expect": "Who each rule contacts after policy and settling, holdouts off.",
    "nobody_else": "yes: no rule contacts anybody else.",
}
