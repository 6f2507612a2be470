"""What to do next: each piece of advice comes from tonight's data and rules, with its figures."""
