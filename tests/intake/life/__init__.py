"""Random lives of records: what happens to people (steps.py), through the product's own pages; what a careful reader of
each record would know (model.py); and what has to be true after each step (checks.py)."""
