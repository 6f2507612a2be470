"""Tonight's customers as addresses and persons: worked out once, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass

from targeting.campaigns.identifiers import Identifiers
from targeting.campaigns.persons import Persons, find_persons
from targeting.customers.held import Rows, Shelf
from targeting.workspace.policy import Policy


@dataclass(frozen=True)
class People:
    """Addresses and persons, both in the order of the customers."""

    identifiers: Identifiers
    persons: Persons


def people_of(customers: Rows, policy: Policy, region: str, shelf: Shelf | None = None) -> People:
    """Normalise the customers' addresses, and join those who share one that `same_person` names."""
    identifiers = Identifiers(customers, policy, region, shelf)
    sharing = [name for name in policy.same_person if name in customers.columns]
    shared = {name: identifiers.normal(name) for name in sharing}
    return People(identifiers, find_persons(customers, shared, policy.key))
