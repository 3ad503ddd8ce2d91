"""Wakes workers up after a commit. Whatever goes wrong here costs a nudge and nothing else: the sweep finds the row."""


def broker_answers() -> bool:
    return False
