"""The warning signs, and when they are an emergency."""

from dataclasses import dataclass

from intake.questionnaire.base import Choices

DECLINED_ITEM = "A4"


@dataclass(frozen=True)
class SafetyOption:
    """One warning sign as shown: its sentence, and the values a person may tick for it."""

    code: str
    text: str
    options: Choices


# Block A and B: own wording of the published warning signs for cauda equina syndrome, fracture, infection, tumour,
# myelopathy and vascular emergency; sources in docs/safety.md. Any "yes" or "not sure" in A is an emergency.
EMERGENCY_SIGNS: Choices = (
    ("A1", "Numbness or a strange feeling between your legs, around your genitals or bottom, or when you wipe"),
    ("A2", "Trouble starting to urinate, not feeling that you urinate, or leaking urine"),
    ("A3", "Losing control of your bowels, or not feeling a bowel movement"),
    ("A5", "Weakness in a leg, foot, arm or hand that is getting worse, or you cannot lift your foot or stand"),
    ("A6", "Weakness, numbness or pain in both legs (or both arms) that is new or quickly getting worse"),
    ("A7", "Fever, chills or feeling very ill together with new or worse spine pain"),
    (
        "A8",
        "A serious accident or fall, or a minor fall if you have osteoporosis or take steroids, "
        "followed by severe spine pain",
    ),
    ("A9", "Neck problem with clumsy hands and trouble walking or keeping balance, getting worse"),
    ("A10", "Sudden tearing pain in your chest, belly or back, or fainting"),
    ("A4", "New loss of feeling or function during sex"),
)
REVIEW_SIGNS: Choices = (
    ("B1", "You have had cancer at any time (other than common skin cancer)"),
    ("B2", "You lost weight without trying: more than 10 lb (5 kg) in 6 months"),
    ("B3", "Your pain is no better in any position, or wakes you every night"),
    ("B4", "Long-term steroids, osteoporosis or a weakened immune system, with new severe pain"),
    ("B5", "A serious infection, spine injection, spine surgery or injected drugs in the last 3 months"),
    ("B6", "Weakness or numbness that has been the same for more than 2 weeks"),
    ("B7", "This is your first spine pain ever, and you are under 20 or over 70"),
    ("B8", "Slowly growing clumsiness of your hands, or unsteady walking"),
)
SIGNS = dict(EMERGENCY_SIGNS + REVIEW_SIGNS)


def safety_options(signs: Choices) -> tuple[SafetyOption, ...]:
    return tuple(SafetyOption(code, text, _answers(code)) for code, text in signs)


def _answers(code: str) -> Choices:
    answers = ((code, "Yes"), (f"unsure_{code}", "Not sure"))
    return (*answers, (f"declined_{code}", "Prefer not to say")) if code == DECLINED_ITEM else answers


def alarming_among(values: list[str]) -> list[str]:
    """Return every "yes" and "not sure" of block A among ticked values, in the order of the questionnaire."""
    alarming = [value for code, _ in EMERGENCY_SIGNS for value in (code, f"unsure_{code}")]
    return [value for value in alarming if value in values]


def is_emergency(values: list[str]) -> bool:
    """Tell whether block A holds a "yes" or "not sure", whatever else is ticked beside it (the safer reading)."""
    return bool(alarming_among(values))
