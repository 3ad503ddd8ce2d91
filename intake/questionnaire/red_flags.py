"""What the answers on the private page tell beside themselves: a warning sign, a fact that a clinician looks at, or
nothing. Every question of every topic stands here once; docs/red-flags.md is this table for clinicians.

A sign of block A comes only from an answer about that very thing, and "not sure" there counts like the sign's own "not
sure". Signs are worked out in intake/rules/derived_signs.py, looks in intake/assessment/review_facts.py.
"""

from dataclasses import dataclass

ANY_TEXT = frozenset[str]()


@dataclass(frozen=True)
class SignAnswers:
    """Answers to one question that tell a sign, for sure or not sure."""

    question: str
    sure: frozenset[str]
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SignRule:
    """A sign told when all parts were answered so, on one page at once. `unless`: a sign that says more; beside it this
    one is not told."""

    sign: str
    parts: tuple[SignAnswers, ...]
    unless: str = ""

    @property
    def questions(self) -> tuple[str, ...]:
        return tuple(part.question for part in self.parts)


@dataclass(frozen=True)
class LookRule:
    """A fact that a clinician looks at, without any change of the outcome. `answers`: ANY_TEXT for whatever was
    written. `settled_by`: questions that ask for what is missing; once one of them is answered nobody has to look. One
    that asks for the last weeks or months settles what was told with it or before, and nothing that is told later.
    `beside`: only with this answer. `asked_as`: the question, where what counts is worked out from its answers."""

    code: str
    words: str
    question: str
    answers: frozenset[str] = ANY_TEXT
    settled_by: tuple[str, ...] = ()
    beside: SignAnswers | None = None
    asked_as: str = ""


def _sure(question: str, *answers: str) -> SignAnswers:
    return SignAnswers(question, frozenset(answers))


def _yes(question: str) -> SignAnswers:
    return SignAnswers(question, frozenset({"yes"}), frozenset({"unsure"}))


_RECENT_PAIN = _sure("onset", "lt6w")
_NEW_PAIN = _yes("new_severe_pain")
_HANDS, _GAIT = _yes("hand_clumsiness"), _yes("gait_balance")
# Of an injection, worked out from when it was: in the three months before it was told, or nobody knows.
_INJECTED = _sure("injected", "recent", "unknown")
_WORSE = SignAnswers("hands_gait_change", frozenset({"worse"}), frozenset({"unsure"}))

SIGN_RULES: tuple[SignRule, ...] = (
    SignRule("A5", (SignAnswers("limb_weakness", frozenset({"worse"}), frozenset({"yes_unsure"})),)),
    SignRule("A5", (SignAnswers("lift_foot", frozenset({"no_new"}), frozenset({"unsure"})),)),
    SignRule("A7", (_sure("since_then", "fever"), _sure("since_then", "worse_pain"))),
    SignRule("A9", (_HANDS, _GAIT, _WORSE)),
    SignRule("B1", (_yes("cancer_other"),)),
    SignRule("B4", (_yes("steroids_months"), _NEW_PAIN)),
    SignRule("B4", (_sure("conditions", "osteoporosis"), _NEW_PAIN)),
    SignRule("B4", (_sure("conditions", "immune"), _NEW_PAIN)),
    SignRule(
        "B5", (SignAnswers("recent_events", frozenset({"infection", "surgery", "drugs"}), frozenset({"unsure"})),)
    ),
    SignRule("B5", (_sure("since_then", "fever", "infection", "worse_pain"), _INJECTED)),
    SignRule("B5", (_sure("side_effects", "infection", "pain_flare"), _INJECTED)),
    # No injection is asked this any more; what was told of one before goes on counting.
    SignRule("B5", (_sure("ended_because", "stopped_made_worse"), _INJECTED)),
    SignRule("B6", (_sure("limb_weakness", "same"),)),
    SignRule("B6", (_sure("limb_numbness", "same"),)),
    SignRule("B6", (_sure("lift_foot", "no_old"),)),
    SignRule("B8", (_HANDS,), unless="A9"),
    SignRule("B8", (_GAIT,), unless="A9"),
)

LOOK_RULES: tuple[LookRule, ...] = (
    LookRule("cancer", "Cancer, kind not said", "conditions", frozenset({"cancer"}), ("cancer_other",)),
    LookRule("infection", "An infection, date not said", "conditions", frozenset({"infection"}), ("recent_events",)),
    LookRule(
        "osteoporosis",
        "Osteoporosis, not said whether there is new severe pain",
        "conditions",
        frozenset({"osteoporosis"}),
        ("new_severe_pain",),
    ),
    LookRule(
        "immune",
        "A weak immune system, not said whether there is new severe pain",
        "conditions",
        frozenset({"immune"}),
        ("new_severe_pain",),
    ),
    LookRule(
        "steroids",
        "Steroids for months, not said whether there is new severe pain",
        "steroids_months",
        frozenset({"yes"}),
        ("new_severe_pain",),
    ),
    LookRule(
        "spine_surgery", "Spine surgery, date not said", "prior_spine_surgery", frozenset({"yes"}), ("recent_events",)
    ),
    LookRule("surgery_text", "Own words about spine surgery", "prior_surgery_what", ANY_TEXT, ("recent_events",)),
    LookRule("medicines_text", "Own words about medicines", "medications", ANY_TEXT, ("steroids_months",)),
    LookRule(
        "limb",
        "A limb is numb or weak, not said which of both, nor since when",
        "limb_symptoms",
        frozenset({"yes"}),
        ("limb_weakness", "limb_numbness"),
    ),
    LookRule("limb_text", "Own words about a numb or weak limb", "numb_where"),
    LookRule("weakness_unsure", "Not sure whether a limb is weak", "limb_weakness", frozenset({"unsure"})),
    LookRule("numbness_worse", "Numbness of a limb that began or got worse", "limb_numbness", frozenset({"worse"})),
    LookRule(
        "cord_worse",
        "Hands or walking are getting worse, not said which of both",
        "cord_worse",
        asked_as="hands_gait_change",
    ),
    LookRule("fracture", "Was told of a fracture, date not said", "diagnoses_told", frozenset({"fracture"})),
    LookRule(
        "work_injury",
        "An injury at work, with pain of less than 6 weeks",
        "work_injury",
        frozenset({"yes"}),
        beside=_RECENT_PAIN,
    ),
    LookRule(
        "accident",
        "A traffic accident, with pain of less than 6 weeks",
        "auto_accident",
        frozenset({"yes"}),
        beside=_RECENT_PAIN,
    ),
    LookRule(
        "injection", "A spine injection in the last three months, or date not said", "injection", asked_as="start"
    ),
    LookRule(
        "oral_steroid",
        "Steroids by mouth, not said for how long",
        "oral_steroid",
        settled_by=("steroids_months",),
        asked_as="kinds",
    ),
    LookRule(
        "side_infection",
        "An infection as a side effect, date not said",
        "side_infection",
        settled_by=("recent_events",),
        asked_as="side_effects",
    ),
)
# Asked anew each time, never filled in: an old answer is no news.
EMERGENCY_QUESTIONS = frozenset(name for rule in SIGN_RULES if rule.sign.startswith("A") for name in rule.questions)
CORD_QUESTIONS = ("hand_clumsiness", "gait_balance")
# The same: they ask for the last weeks or months, and each new event is told with the same answer.
RECENT_QUESTIONS = frozenset({"recent_events", "new_severe_pain"})
ASKED_ANEW = EMERGENCY_QUESTIONS | RECENT_QUESTIONS
# Signs of what happened lately: told on a later day they are news, though they stand already.
RECENT_SIGNS = frozenset({"B4", "B5"})
LOOK_RULE = {rule.code: rule for rule in LOOK_RULES}

# Asked as signs already, with answers of their own.
ASKED_AS_SIGNS = ("safety_check", "safety_check_b")

_PERSON = "Who the person is and how to talk to them"
_PAYING = "Who pays"
_COMING = "Coming here"
_PICTURES = "Which pictures there are"
_PAIN = "How strong the pain is and what it is like: says nothing of a cause"
_HEALTH = "Matters for planning; no sign asks for it"
NOTHING: dict[str, str] = {
    **dict.fromkeys(("date_of_birth", "sex_at_birth", "preferred_language", "interpreter_needed"), _PERSON),
    **dict.fromkeys(("work_status", "legal_case"), "Work and law"),
    **dict.fromkeys(("primary_care", "referring_provider", "emergency_contact", "care_partner"), "Who helps"),
    **dict.fromkeys(("pain_now_avg", "pain_enjoyment", "pain_activity", "nrs_back_avg", "nrs_leg_avg"), _PAIN),
    **dict.fromkeys(("back_leg_ratio", "quality", "worse_with", "better_with", "walk_distance", "limited"), _PAIN),
    "course": "About pain, not about strength or feeling",
    "goals": "A wish",
    **dict.fromkeys(
        ("imaging", "imaging_date", "imaging_place", "images_available", "mri_contraindication"), _PICTURES
    ),
    **dict.fromkeys(("hba1c", "nicotine", "nicotine_quit", "opioids", "allergies"), _HEALTH),
    **dict.fromkeys(
        ("plan_type", "payer_name", "member_id", "group_number", "policy_holder", "referral_required"), _PAYING
    ),
    **dict.fromkeys(("can_travel", "availability"), _COMING),
    "new_treatments": "Leads on to the treatments",
}
_TREATMENT = "Which treatment it was, and how it went"
NOTHING_OF_TREATMENTS: dict[str, str] = {
    **dict.fromkeys(("kind_other", "drug_name", "body_region", "going_on", "end", "forgotten"), _TREATMENT),
    **dict.fromkeys(("sessions", "relief", "lasted", "clinician"), _TREATMENT),
}
