"""Purchases, scores and inventory rules become order suggestions."""
