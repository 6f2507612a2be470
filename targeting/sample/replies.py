"""Who must not be contacted, and what came back from earlier campaigns."""

import numpy as np
import polars as pl

from targeting.sample.days import LAST_DAY, shift, to_dates
from targeting.sample.people import STAFF_DOMAIN, TRUTH

# rule, planted group that it went to, channel, days before the newest purchase
_CAMPAIGNS = (
    ("premium_early_access", "Premium loyalists", "email", 75),
    ("accessory_bundles", "Frequent low spenders", "email", 61),
    ("brand_education", "Uncommitted", "email", 47),
    ("lapsing_vip_perks", "Lapsing loyalists", "email", 33),
    ("steady_accessory_refill", "Steady middle", "sms", 19),
)
_CONSENT = {"email": "Email_OK", "sms": "SMS_OK"}
# event, share of those it went to, latest day after the campaign
_EVENTS = {
    "email": (
        ("delivered", 0.96, 0), ("bounced", 0.03, 0), ("opened", 0.38, 4), ("clicked", 0.1, 5),
        ("bought", 0.05, 12), ("unsubscribed", 0.015, 6), ("complained", 0.004, 6),
    ),
    "sms": (("delivered", 0.97, 0), ("bought", 0.04, 12), ("unsubscribed", 0.01, 3)),
}  # fmt: skip
MISSPELLED_EVENTS = IMPOSSIBLE_DATES = 1


def suppress(people: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """List people by id, by e-mail (some in capitals) or by number, and the staff's domain."""
    usable = people.filter(
        pl.col("E-mail").str.contains("@example"), pl.col("Mobile").str.contains(r"\d")
    )
    chosen = usable[rng.choice(usable.height, 38, replace=False)]
    row = pl.int_range(pl.len())
    listed = chosen.select(
        pl.when(row < 20).then("Customer_ID").alias("customer_id"),
        pl.when(row.is_between(20, 25))
        .then("E-mail")
        .when(row.is_between(26, 29))
        .then(pl.col("E-mail").str.to_uppercase())
        .alias("email"),
        pl.when(row >= 30).then("Mobile").alias("phone"),
        pl.lit(None, dtype=pl.String).alias("domain"),
    )
    staff = pl.DataFrame({"domain": [STAFF_DOMAIN]})
    return pl.concat([listed, staff], how="diagonal")


def hear_back(people: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Give what mail and message services report: one row an event, oldest first.

    One row in five carries the e-mail address and no id, as such services export them. Nobody is
    written to without consent. One event is misspelled and one date does not exist.
    """
    heard = [
        _heard(people, campaign, event, rng)
        for campaign in _CAMPAIGNS
        for event in _EVENTS[campaign[2]]
    ]
    events = pl.concat(heard).sort("happened_on", maintain_order=True)
    by_email = pl.Series(rng.random(events.height) < 0.2) & (pl.col("channel") == "email")
    events = events.with_columns(
        pl.when(~by_email).then("customer_id").alias("customer_id"),
        pl.when(by_email).then("email").alias("email"),
    )
    wrong = pl.concat([events[10:11], events[20:21]]).with_columns(
        pl.Series("event", ["opend", "opened"]),
        pl.Series("happened_on", [str(shift(60)), "2026-02-31"]),
    )
    return pl.concat([events, wrong])


def _heard(
    people: pl.DataFrame,
    campaign: tuple[str, str, str, int],
    event: tuple[str, float, int],
    rng: np.random.Generator,
) -> pl.DataFrame:
    rule, group, channel, days_ago = campaign
    word, share, latest = event
    address = "E-mail" if channel == "email" else "Mobile"
    reached = people.filter(
        pl.col(TRUTH) == group,
        pl.col(_CONSENT[channel]).is_in(["Y", "1", "TRUE"]),
        pl.col(address).str.contains(r"\d"),
    )
    heard = reached.filter(pl.Series(rng.random(reached.height) < share))
    days = rng.integers(0, latest + 1, heard.height)
    return heard.select(
        pl.col("Customer_ID").alias("customer_id"),
        pl.col("E-mail").alias("email"),
        pl.lit(word).alias("event"),
        to_dates(LAST_DAY - days_ago + days).cast(pl.String).alias("happened_on"),
        pl.lit(channel).alias("channel"),
        pl.lit(rule).alias("rule"),
    )
