"""Purchases and attributes become one row a customer."""
