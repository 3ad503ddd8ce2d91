"""The first step: safety, pain, what was tried, how to reach the person. And the short way, which asks for a call."""

from dataclasses import replace

from crm.values import us_places
from intake.questionnaire.base import NONE, SCALE, Question, QuestionKind, Section
from intake.questionnaire.signs import EMERGENCY_SIGNS, REVIEW_SIGNS

STEP_ONE: tuple[Section, ...] = (
    Section(
        "safety",
        "Safety first",
        "Some signs need emergency care today. Please read them slowly.",
        (
            Question(
                "safety_check",
                QuestionKind.SAFETY,
                "Have any of these started or got worse in the last 2 weeks?",
                EMERGENCY_SIGNS,
                required=True,
                exclusive=NONE,
                why="These can be signs of pressure on the spinal cord or nerves, or of another emergency. "
                "They cannot wait for an appointment.",
            ),
            Question(
                "safety_check_b",
                QuestionKind.SAFETY,
                "Please also tell us: is any of this true for you?",
                REVIEW_SIGNS,
                required=True,
                exclusive=NONE,
                why="A clinician looks at these before anything is planned.",
            ),
        ),
    ),
    Section(
        "pain",
        "Your pain",
        "Tick what fits best. There are no wrong answers.",
        (
            Question(
                "pain_region",
                QuestionKind.MANY,
                "Where is the pain?",
                (
                    ("neck", "Neck"),
                    ("mid_back", "Between the shoulder blades or mid back"),
                    ("low_back", "Low back"),
                    ("buttock_hip", "Buttock or hip"),
                    ("other", "Somewhere else"),
                ),
                required=True,
                why="It tells us which of our clinicians to ask.",
                template="components/body_map.html",
            ),
            Question(
                "radiation",
                QuestionKind.MANY,
                "Does it spread?",
                (
                    (NONE, "No, it stays there"),
                    ("buttock", "To the buttock only"),
                    ("leg_above_knee", "Into the leg, above the knee"),
                    ("leg_below_knee", "Into the leg, below the knee"),
                    ("arm", "Into the arm"),
                    ("hand", "Into the hand or fingers"),
                ),
                required=True,
                exclusive=NONE,
                why="Pain that travels down a leg or an arm often comes from a nerve.",
            ),
            Question(
                "radiation_side",
                QuestionKind.ONE,
                "On which side?",
                (("left", "Left"), ("right", "Right"), ("both", "Both sides")),
                help="Only if it spreads.",
                why="It has to fit what pictures show: a finding on the left does not explain pain on the right.",
            ),
            Question(
                "onset",
                QuestionKind.ONE,
                "How long have you had it?",
                (
                    ("lt6w", "Less than 6 weeks"),
                    ("6to12w", "6 to 12 weeks"),
                    ("3to6m", "3 to 6 months"),
                    ("6to12m", "6 to 12 months"),
                    ("1to5y", "1 to 5 years"),
                    ("gt5y", "More than 5 years"),
                ),
                required=True,
                why="Many people get better in the first weeks. How long it has lasted changes what makes sense next.",
            ),
            Question(
                "pain_now_avg",
                QuestionKind.SCALE,
                "How strong was your pain on average in the last 7 days?",
                tuple((str(n), str(n)) for n in SCALE),
                required=True,
                ends=("No pain", "Worst pain you can imagine"),
                why="It gives us a starting point to compare with later.",
            ),
        ),
    ),
    Section(
        "tried",
        "What you have tried",
        "A rough answer is enough. We will ask for details later.",
        (
            Question(
                "tried_treatments",
                QuestionKind.MANY,
                "What have you tried so far?",
                (
                    ("pt", "Physical therapy"),
                    ("home_exercise", "Exercises at home"),
                    ("medication", "Pain medication"),
                    ("injections", "Injections"),
                    ("chiropractic", "Chiropractic"),
                    ("other", "Something else, such as heat, cold or massage"),
                    ("nothing", "Nothing yet"),
                ),
                required=True,
                exclusive="nothing",
                why="Most doctors and insurers want to know this before a consultation.",
            ),
            Question(
                "imaging",
                QuestionKind.ONE,
                "Have you had pictures taken of your spine?",
                (
                    ("mri_lt12m", "MRI in the last 12 months"),
                    ("mri_older", "MRI, more than 12 months ago"),
                    ("ct_xray", "CT or X-ray only"),
                    (NONE, "No"),
                    ("unsure", "Not sure"),
                ),
                why="If there are pictures already, nobody has to take them again.",
            ),
        ),
    ),
    Section(
        "contact",
        "How to reach you",
        "We need your name, your state, and an e-mail address or a phone number.",
        (
            Question("first_name", QuestionKind.TEXT, "First name", required=True, autocomplete="given-name"),
            Question("last_name", QuestionKind.TEXT, "Last name", required=True, autocomplete="family-name"),
            Question(
                "email",
                QuestionKind.EMAIL,
                "E-mail",
                autocomplete="email",
                help="Our mails never mention your health.",
            ),
            Question("phone", QuestionKind.PHONE, "Phone", autocomplete="tel", help="Such as (212) 555-0100."),
            Question(
                "phone_type",
                QuestionKind.ONE,
                "This phone is a",
                (("mobile", "Mobile"), ("landline", "Landline")),
            ),
            Question(
                "preferred_contact",
                QuestionKind.ONE,
                "How should we contact you?",
                (("phone", "Phone call"), ("email", "E-mail"), ("text", "Text message")),
                former=("text",),  # nothing here can send one
            ),
            Question(
                "best_time",
                QuestionKind.MANY,
                "When is a good time?",
                (
                    ("morning", "Morning"),
                    ("noon", "Around noon"),
                    ("afternoon", "Afternoon"),
                    ("evening", "Evening"),
                    ("weekdays", "Weekdays"),
                    ("weekend", "Weekend"),
                ),
            ),
            Question("ok_voicemail", QuestionKind.YES, "You may leave a voicemail"),
            Question(
                "state",
                QuestionKind.SELECT,
                "State",
                tuple(us_places.STATE_CHOICES),
                required=True,
                autocomplete="address-level1",
                why="Doctors are licensed by state, and it tells us when it is daytime where you are.",
            ),
            Question(
                "zip",
                QuestionKind.ZIP,
                "ZIP code",
                autocomplete="postal-code",
                help="Five digits. Some states have two time zones: it tells us yours.",
            ),
            Question(
                "timezone",
                QuestionKind.SELECT,
                "Time zone",
                tuple(us_places.ZONES.items()),
                help="Only if your state has more than one.",
            ),
            Question(
                "how_heard",
                QuestionKind.SELECT,
                "How did you hear about us?",
                (
                    ("search", "Internet search"),
                    ("doctor", "My doctor"),
                    ("friend_family", "Friend or family"),
                    ("insurance", "My insurance"),
                    ("social", "Social media"),
                    ("radio_tv", "Radio or TV"),
                    ("returning", "I have been here before"),
                    ("other", "Something else"),
                ),
            ),
        ),
        why="So that we reach the right person, in the way and at the time that suit you. We use it for nothing else.",
    ),
)


_BY_NAME = {entry.name: entry for section in STEP_ONE for entry in section.questions}


def question(name: str) -> Question:
    """Return one question of step 1 by its field name; KeyError when there is none."""
    return _BY_NAME[name]


CALL_ME: tuple[Section, ...] = (
    Section(
        "safety",
        "Safety first",
        "Some signs need emergency care today. Please read them slowly.",
        (question("safety_check"),),
    ),
    Section(
        "contact",
        "Whom may we call?",
        "A coordinator calls you during opening hours.",
        (
            question("first_name"),
            question("last_name"),
            replace(question("phone"), required=True),
            question("best_time"),
            question("ok_voicemail"),
            replace(question("state"), required=False),
            question("zip"),
            question("timezone"),
        ),
        why="So that we call the right person at a good time. We use it for nothing else.",
    ),
)
