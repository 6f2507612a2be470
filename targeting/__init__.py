"""Customers and purchases in; contact lists, stock suggestions and a report out, every night."""

__version__ = "0.1.0"
