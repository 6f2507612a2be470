"""The past once more: what a way of ordering would have done with the demand that came."""
