"""Customers get a segment and likelihoods, with an honest evaluation of both."""
