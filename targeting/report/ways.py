"""The ways to score customers, as the page calls them."""

from __future__ import annotations

TITLES = {
    "tree": "One tree that learnt from the blend",
    "points": "Points",
    "blend": "Blend",
    "cart": "Plain tree (CART)",
    "logistic": "Logistic regression",
    "boosted": "Boosted trees",
    "base_rate": "Base rate for everyone",
    "recency": "Days since last purchase",
    "rfm": "RFM score",
    "bgnbd": "BG/NBD",
}
_IN_A_SENTENCE = {
    "tree": "one tree that learnt from the blend",
    "points": "points",
    "blend": "the blend",
    "cart": "a plain tree (CART)",
    "logistic": "logistic regression",
    "boosted": "boosted trees",
    "base_rate": "the base rate for everyone",
    "recency": "days since the last purchase",
    "rfm": "the RFM score",
}
WHAT_IT_IS = {
    "tree": "One decision tree scores: it learnt from a better teacher, the blend of logistic"
    " regression and boosted trees, and the path to its leaf is the reason for each score.",
    "points": "Points score: a logistic regression adds up what speaks for and against a customer,"
    " with one point for what similar customers do; the three largest are the reason.",
    "blend": "A blend scores: the mean of logistic regression and boosted trees. It gives no"
    " reason for a single customer.",
    "cart": "A plain decision tree (CART) scores: it learnt straight from what customers did, and"
    " the path to its leaf is the reason for each score.",
    "base_rate": "Everyone gets the base rate, the share of customers who are expected to do it: no"
    " customer is likelier than another.",
    "none": "Nobody gets a score.",
}


def title_of_way(name: str) -> str:
    """Call a way of scoring by its name in a table."""
    return TITLES.get(name, name)


def way_in_words(name: str) -> str:
    """Call a way of scoring within a sentence."""
    return _IN_A_SENTENCE.get(name, title_of_way(name))
