"""What changed between two versions of a sequence, in words. Pure."""

from crm.sequences.definition import Definition, Step

_HEAD = ("title", "purpose", "trigger", "when", "stops", "on_resume")


def in_words(before: Definition, after: Definition) -> list[str]:
    """One sentence a change; [] for two that are alike."""
    found = [
        f"{name.replace('_', ' ').capitalize()}: {_shown(getattr(before, name))} → {_shown(getattr(after, name))}"
        for name in _HEAD
        if getattr(before, name) != getattr(after, name)
    ]
    old, new = ({step.key: step for step in each.steps} for each in (before, after))
    found += [f"Step {key} is gone: {_step(old[key])}" for key in old if key not in new]
    found += [f"Step {key} is new: {_step(new[key])}" for key in new if key not in old]
    found += [
        f"Step {key}: {_step(old[key])} → {_step(new[key])}" for key in old if key in new and old[key] != new[key]
    ]
    return found


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _step(step: Step) -> str:
    return f"{step.in_words}, {step.when_in_words}{f', {step.purpose}' if step.purpose else ''}"
