"""Those whom a rule's message could reach, read from a run's folder, and messages to a few."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from targeting.campaigns.addressees import addressees
from targeting.campaigns.variants import VARIANT
from targeting.exports.messages import Messages
from targeting.exports.proofread import SUBJECT_LINE
from targeting.exports.sms import sms_segments
from targeting.frames import CHANNEL, CUSTOMER, PERSON, SEGMENT
from targeting.problems import refuse
from targeting.rules.model import Rule
from targeting.workspace.policy import Policy

CUSTOMERS: Final = "customers.parquet"
STATE: Final = "policy_state.parquet"

_SUBJECT: Final = r"^Subject:[^\S\n]*([^\n]*)"
_SENT_AS: Final = ("encoding", "units", "segments")

Choose = Callable[[pl.DataFrame], pl.DataFrame]


def recipients(
    folder: Path, met: Sequence[tuple[Rule, pl.DataFrame]], policy: Policy, choose: Choose
) -> list[pl.DataFrame]:
    """Give some of those whom each rule's message could reach, as `Messages` takes them.

    One row a customer: `addressees`, of whom `choose` keeps some, with every field of the customer
    as shown. `met`: a rule, and customer_id of those who meet it, with segment where there are any.
    Consent and addresses are as the run in `folder` saw them; its files are read once for all.

    Raises:
        Refused: where that run's files cannot be read.
    """
    if not met:
        return []
    try:
        state = _state(folder, {name for rule, _ in met for name in rule.contact.channels})
        chosen = [choose(addressees(mine, state, rule, policy)) for rule, mine in met]
        ids = pl.concat([some[CUSTOMER] for some in chosen]).unique()
        saved = pl.scan_parquet(folder / CUSTOMERS, glob=False)
        own = saved.filter(pl.col(CUSTOMER).is_in(ids.implode())).collect()
    except (OSError, pl.exceptions.PolarsError):
        message = f"the customers of {folder.name} cannot be read"
        raise refuse("W003", message, met[0][0].place, "run once more: targeting run") from None
    return [
        some.join(
            own.select(n for n in own.columns if n == CUSTOMER or n not in some.columns),
            on=CUSTOMER,
            how="left",
            maintain_order="left",
        )
        for some in chosen
    ]


def written_to(contacts: pl.DataFrame, messages: Messages) -> pl.DataFrame:
    """Write each contact's message as it would be sent.

    Gives customer_id, segment, channel, variant (missing where there is one message), subject
    (e-mail), text, and of SMS encoding, units and segments.

    Raises:
        Refused: as `Messages.render`.
    """
    texts = messages.render(contacts)
    text = pl.col("text")
    lettered = texts.str.contains("^Subject:") & contacts[CHANNEL].is_in(messages.emails)
    by_sms = contacts[CHANNEL].is_in(messages.policy.sms_channels)
    return (
        pl.DataFrame(
            [
                contacts[CUSTOMER],
                contacts[SEGMENT],
                contacts[CHANNEL],
                contacts[VARIANT],
                texts.alias("text"),
                lettered.alias("lettered"),
                by_sms.alias("by sms"),
            ]
        )
        .with_columns(
            pl.when(pl.col(VARIANT) != "").then(VARIANT).name.keep(),
            pl.when("lettered").then(text.str.extract(_SUBJECT)).alias("subject"),
            pl.when("lettered")
            .then(text.str.replace(SUBJECT_LINE, ""))
            .otherwise(text)
            .alias("text"),
            *(pl.when("by sms").then(sms_segments(texts)[name]).alias(name) for name in _SENT_AS),
        )
        .select(CUSTOMER, SEGMENT, CHANNEL, VARIANT, "subject", "text", *_SENT_AS)
    )


def _state(folder: Path, channels: Collection[str]) -> pl.DataFrame:
    """Read what a night's policy saw of each customer, on some channels."""
    frame = pl.scan_parquet(folder / STATE, glob=False)
    wanted = {f"permission_{name}" for name in channels}
    have = [name for name in frame.collect_schema().names() if name in wanted]
    return frame.select(CUSTOMER, PERSON, *have).collect()
