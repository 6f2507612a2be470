"""Customers and rules become decisions: who is contacted, who is not, and why."""
