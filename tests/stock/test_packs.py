from __future__ import annotations

import polars as pl

from targeting.stock.packs import within_budget


def test_a_budget_beyond_what_a_float_holds_is_kept_to_the_last_cent() -> None:
    dear = 2**53 + 1  # minor units; as a float it is a cent less
    lines = pl.DataFrame(
        {
            "to_buy": [1, 1, 1],
            "unit_cost": [dear, 1, 1],
            "pack_size": [1, 1, 1],
            "least_order": [1, 1, 1],
            "at_stake": [3 * 10**17, 20, 10],
        }
    )
    assert within_budget(lines, dear + 1).to_list() == [1, 1, 0]


def test_costs_that_pass_64_bits_together_do_not_wrap() -> None:
    lines = pl.DataFrame(
        {
            "to_buy": [10**8] * 12,
            "unit_cost": [10**10] * 12,
            "pack_size": [10**8] * 12,
            "least_order": [10**8] * 12,
            "at_stake": [1] * 12,
        }
    )
    assert within_budget(lines, 10**18 * 12).to_list() == [10**8] * 12
    assert within_budget(lines, 10**18 * 11).to_list() == [10**8] * 11 + [0]
