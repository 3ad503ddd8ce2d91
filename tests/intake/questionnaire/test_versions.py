"""Each page of answers is kept with the version of the questions that were asked: no version ever means two things."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from intake.questionnaire import CALL_ME, PAGES, RECHECK, SAFETY_SCRIPT, STEP_ONE, VERSION, Question, Section

FILE = Path(__file__).with_name("versions.json")
NAME = FILE.relative_to(Path(__file__).resolve().parents[3])
VERSIONS: dict[str, str] = json.loads(FILE.read_text())  # {version: digest of what it asks}, the newest last


def sections() -> Iterator[tuple[str, Section]]:
    """Every section with the form that it belongs to."""
    yield from (("request", section) for section in STEP_ONE)
    yield from (("call", section) for section in CALL_ME)
    for page in (*PAGES, RECHECK, SAFETY_SCRIPT):
        yield from ((page.key, section) for section in page.sections)


def as_asked(question: Question) -> list[object]:
    """What a person read and could answer."""
    what = (question.label, question.help, question.choices, question.former, question.ends)
    return [question.name, question.kind.name, *what, question.required, question.exclusive]


def digest() -> str:
    """Return a digest of all that is asked, equal for equal questions."""
    asked = [[form, section.key, *map(as_asked, section.questions)] for form, section in sections()]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def test_changed_questions_have_a_version_of_their_own() -> None:
    newest = list(VERSIONS.items())[-1]

    assert newest == (VERSION, digest()), (
        f"The questions are not those of version {newest[0]}. Raise VERSION in intake/questionnaire/base.py, and add "
        f'"<the new version>": "{digest()}" at the end of {NAME} '
        "(CONTRIBUTING.md, “A question of step 1”)."
    )


def test_no_two_versions_ask_the_same() -> None:
    assert len(set(VERSIONS.values())) == len(VERSIONS)
