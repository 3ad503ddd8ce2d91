"""Random lives of leads: what happens to people (steps.py), through the product's own doors and pages; what a careful
reader would know of each (model.py); what each mail that leaves has to be (mail_checks.py), and what has to be true
after each step (checks.py). The test's clock is everybody's, PostgreSQL's too (clock.py)."""
