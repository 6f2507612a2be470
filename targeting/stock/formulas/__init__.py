"""Textbook formulas of inventory on whole columns, each with its source."""
