"""Tell what changed between two versions of a sequence, in words. Pure."""

from crm.sequences import words
from crm.sequences.definition import Definition, Step

_HEAD = ("title", "purpose", "trigger", "when", "stops", "on_resume")


def in_words(before: Definition, after: Definition) -> list[str]:
    """Return one sentence for each change between two definitions; [] for two that are alike."""
    found = [
        f"{name.replace('_', ' ').capitalize()}: {_shown(before, name)} → {_shown(after, name)}"
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


def _shown(definition: Definition, name: str) -> str:
    in_words: dict[str, str] = {
        "trigger": words.TRIGGERS.get(definition.trigger, ""),
        "on_resume": words.ON_RESUME[definition.on_resume],
        "when": "; ".join(map(words.condition, definition.when)) or "none",
        "stops": "; ".join(map(words.condition, definition.stops)) or "none",
    }
    return in_words.get(name) or str(getattr(definition, name))


def _step(step: Step) -> str:
    return f"{step.in_words}, {step.when_in_words}{f', {step.purpose}' if step.purpose else ''}"
