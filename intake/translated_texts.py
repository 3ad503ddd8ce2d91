"""Every English text that patients read, wherever it stands: what a translation has to have words for.

Texts in code and templates are found by their marks; the questionnaire and the vocabularies are data and are walked.
"""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from django.db.models import TextChoices
from django.utils.translation.template import templatize

from crm.enums import documents, leads, treatments
from crm.enums.treatment_kinds import TreatmentKind
from crm.values.us_places import ABROAD, STATES
from intake.questionnaire import CALL_ME, PAGES, RECHECK, SIGNS, STEP_ONE, Question, QuestionKind, Section, consents
from intake.questionnaire.red_flags import LOOK_RULES
from intake.rules import wording

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("crm/**/*.py", "intake/**/*.py", "scheduling/**/*.py")
TEMPLATES = ("templates/**/*.html", "templates/**/*.svg", "templates/**/*.txt", "templates/**/*.mjml")
MARKS = dict.fromkeys(["gettext", "gettext_lazy", "gettext_noop", "ngettext", "_", "noop"])
SAFETY_MARK = re.compile(r'\{% safety_(?:text|plain) "([^"]+)" %\}')

Found = tuple[str | tuple[str, ...], str]  # a text, or its singular and plural; and where it stands


def catalogue() -> Catalog:
    """Return all texts with their places, as Babel keeps them."""
    found = Catalog(project="Nucleus", charset="utf-8")
    for text, place in (*_in_code(), *_in_templates(), *((text, place) for place, text in _in_data())):
        found.add(text, locations=[(place, 0)], flags=_flags(text))
    return found


def safety_texts() -> list[str]:
    """Return the texts that wrong words would make dangerous (crm/values/reviewed_text.py), each once."""
    asked = [question.label for question in _questions() if question.kind is QuestionKind.SAFETY]
    in_templates = [text for file in _files(TEMPLATES) for text in SAFETY_MARK.findall(file.read_text("utf-8"))]
    return list(dict.fromkeys([*SIGNS.values(), *asked, *wording.WARNINGS.values(), *in_templates]))


def _flags(text: str | tuple[str, ...]) -> list[str]:
    return ["python-format"] if re.search(r"%\(\w+\)[sd]", "".join(text)) else []


def _files(patterns: Iterable[str]) -> Iterator[Path]:
    return (file for pattern in patterns for file in sorted(ROOT.glob(pattern)) if "migrations" not in file.parts)


def _in_code() -> Iterator[Found]:
    for file in _files(SOURCES):
        yield from _marked(file.read_bytes(), file)


def _in_templates() -> Iterator[Found]:
    for file in _files(TEMPLATES):
        source = file.read_text("utf-8")
        one_line = " ".join(templatize(source).split("\n")).strip()  # for Python's tokenizer indentation has a meaning
        yield from _marked(one_line.encode(), file)
        yield from ((text, _place(file)) for text in SAFETY_MARK.findall(source))


def _marked(source: bytes, file: Path) -> Iterator[Found]:
    for _line, function, texts, _comments in extract_python(BytesIO(source), MARKS, [], {}):
        if function == "ngettext":
            yield (texts[0], texts[1]), _place(file)
        elif isinstance(texts, str) and texts:
            yield texts, _place(file)


def _place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _in_data() -> Iterator[tuple[str, str]]:
    for question in _questions():
        for text in (question.label, question.help, question.why, *question.ends, *dict(question.choices).values()):
            if text and not text.isdecimal() and text not in NAMES:
                yield "intake/questionnaire", text
    for section in _sections():
        yield from (("intake/questionnaire", text) for text in (section.title, section.intro, section.why) if text)
    for page in (*PAGES, RECHECK):
        yield from (("intake/questionnaire", text) for text in (page.title, page.intro))
    yield from (("intake/questionnaire", text) for text in SIGNS.values())
    yield from (("intake/questionnaire", rule.words) for rule in LOOK_RULES)
    yield from (("crm/enums/treatment_kinds.py", str(kind.label)) for kind in TreatmentKind)
    yield from (("intake/questionnaire/consents.py", one.text) for one in consents.WORDINGS)
    yield from (("crm/patient_portal/own_copy.py", str(code.label)) for codes in TOLD_IN_COPIES for code in codes)


# Whose words stand beside their codes in a person's own copy (crm/patient_portal/own_copy.py); those that patients read
# elsewhere are marked where they stand. A test finds what is missing here.
TOLD_IN_COPIES: tuple[type[TextChoices], ...] = (
    leads.Stage,
    leads.LostReason,
    leads.Outcome,
    leads.PhoneType,
    leads.ContactChannel,
    leads.CameBy,
    leads.ActivityKind,
    leads.CallOutcome,
    leads.ConsentKind,
    leads.Decision,
    leads.ConsultResult,
    leads.SurgeryDecision,
    leads.MessageState,
    leads.EnrollmentState,
    leads.StepResult,
    documents.ImagingModality,
    documents.ImagingMedium,
    treatments.TreatmentGroup,
    treatments.TreatmentStatus,
    treatments.DatePrecision,
    treatments.Documentation,
    treatments.Source,
    treatments.BodyRegion,
    treatments.Side,
    treatments.Guidance,
    treatments.Setting,
    treatments.ProviderType,
    treatments.FunctionChange,
    treatments.SideEffect,
    treatments.Unsure,
    treatments.MeasurementKind,
)
NAMES = {name for code, (name, _zone) in STATES.items() if code != ABROAD}  # states have no other name


def _sections() -> list[Section]:
    later = [section for page in (*PAGES, RECHECK) for section in page.sections]
    return [*STEP_ONE, *CALL_ME, *later]


def _questions() -> list[Question]:
    return [question for section in _sections() for question in section.questions]
