"""What 100 kB in one field cost the server, form by form: the slowest field of each, with the worst kinds of text.

    python -m bench.long_text

In one process, without a database: what is measured is reading and judging the form. The goal: 100 ms.
"""

import os
import sys
import time
from collections.abc import Callable

from script.check import PUBLIC

SIZE = 100_000
WANTED_MS = 100.0
KINDS = {
    "letters": "x" * SIZE,
    "blanks": " a" * (SIZE // 2),
    "marks": "\u0301" * (SIZE // 2),
    "turned": "\u202e" * (SIZE // 3),
    "at signs": "@" * SIZE,
    "digits": "1" * SIZE,
}


def main() -> int:
    os.environ |= PUBLIC | {"DATABASE_URL": "postgresql://nobody@/none", "DJANGO_SETTINGS_MODULE": "crm.settings"}
    import django

    django.setup()
    from intake.public.question_views import AskForm
    from intake.questionnaire import PAGES, RECHECK
    from intake.requests.forms import CallMe, QuestionnairePageForm, StepOne

    makers: dict[str, Callable[..., object]] = {
        "the request": lambda data: StepOne(data, center_name="x"),
        "just call me": lambda data: CallMe(data, center_name="x"),
        "ask a question": AskForm,
    }
    for page in (*PAGES, RECHECK):
        makers[page.title.lower()] = lambda data, page=page: QuestionnairePageForm(data, page=page)
    print(f"{'form':<28}{'slowest field':<24}{'text':<12}{'time':>10}")
    slowest = max(_slowest(name, make) for name, make in makers.items())
    print(f"\nAt most {slowest:.1f} ms (wanted: {WANTED_MS:.0f} ms).")
    return 0 if slowest <= WANTED_MS else 1


def _slowest(name: str, make: Callable[..., object]) -> float:
    """Print the form's slowest field and return its milliseconds."""
    fields = list(make({}).fields)  # type: ignore[attr-defined]  # every maker gives a form
    times = [(_milliseconds(make, {field: text}), field, kind) for field in fields for kind, text in KINDS.items()]
    took, field, kind = max(times)
    print(f"{name:<28}{field:<24}{kind:<12}{took:>7.1f} ms")
    return took


def _milliseconds(make: Callable[..., object], data: dict[str, str]) -> float:
    """Return the quicker of two runs: others use this machine too."""
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        make(data).is_valid()  # type: ignore[attr-defined]
        times.append((time.perf_counter() - begun) * 1000)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
