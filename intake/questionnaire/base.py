"""What a question is. The questions themselves are data: see the modules beside this one."""

from dataclasses import dataclass
from enum import Enum, auto

VERSION = "2026-11"
NONE = "none"
SCALE = range(11)
LONGEST_TEXT = 500

Choices = tuple[tuple[str, str], ...]


class QuestionKind(Enum):
    SAFETY = auto()  # a list of warning signs, each yes or not sure, and "none of these"
    ONE = auto()
    MANY = auto()
    SELECT = auto()
    SCALE = auto()  # 0 to 10
    TEXT = auto()
    EMAIL = auto()
    PHONE = auto()
    YES = auto()  # one box
    DATE = auto()  # an exact day
    ROUGH_DATE = auto()  # a year, a month or a day
    NUMBER = auto()
    ZIP = auto()
    LONG_TEXT = auto()


@dataclass(frozen=True, eq=False)
class Question:
    """`exclusive` is a choice that cannot stand beside others. `why` answers "why do you ask?". `template` renders it
    otherwise than its kind would. `former` are choices that are stored and named, and offered to nobody any more."""

    name: str
    kind: QuestionKind
    label: str
    choices: Choices = ()
    required: bool = False
    exclusive: str = ""
    help: str = ""
    why: str = ""
    autocomplete: str = ""
    ends: tuple[str, str] = ("", "")
    template: str = ""
    former: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Section:
    """`why` answers "why do you ask?" for those of its questions that have no answer of their own."""

    key: str
    title: str
    intro: str
    questions: tuple[Question, ...]
    why: str = ""


@dataclass(frozen=True, eq=False)
class Page:
    """One topic. `needs` names a question and the answers that make the page worth showing; empty: always."""

    key: str
    title: str
    intro: str
    sections: tuple[Section, ...]
    needs: tuple[str, frozenset[str]] | None = None

    def is_for(self, answers: dict[str, object]) -> bool:
        """Tell whether the page makes sense after what was answered before."""
        return self.needs is None or meets(answers, self.needs)

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for section in self.sections for question in section.questions)


def meets(answers: dict[str, object], needs: tuple[str, frozenset[str]]) -> bool:
    """Tell whether the named question was answered with one of the values, alone or among others."""
    given = answers.get(needs[0])
    values = given if isinstance(given, list) else [given]
    return not needs[1].isdisjoint(str(value) for value in values)
