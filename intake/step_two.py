"""The optional second step as data: one page a topic, each sent and kept on its own.

Scores: three ratings of the last seven days are asked in own words and scored as their mean, after PEG (Krebs 2009);
no other instrument's questions are in here, because they belong to their publishers.
"""

from dataclasses import dataclass, replace

from intake.questionnaire import NONE, SCALE, Choices, Kind, Question, Section, question

UNSURE: Choices = (("unsure", "Not sure"),)
PREFER_NOT: Choices = (("prefer_not", "Prefer not to say"),)
YES_NO: Choices = (("yes", "Yes"), ("no", "No"), *UNSURE)
RATING: Choices = (*((str(number), str(number)) for number in SCALE), *UNSURE)
LONGEST_TEXT = 500


@dataclass(frozen=True)
class Page:
    """One topic. `needs` names a question and the answers that make the page worth showing; empty: always."""

    key: str
    title: str
    intro: str
    sections: tuple[Section, ...]
    needs: tuple[str, frozenset[str]] | None = None

    def is_for(self, answers: dict[str, object]) -> bool:
        """Whether the page makes sense after what was answered before."""
        return self.needs is None or meets(answers, self.needs)

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for section in self.sections for question in section.questions)


def meets(answers: dict[str, object], needs: tuple[str, frozenset[str]]) -> bool:
    """True when the named question was answered with one of the values, alone or among others."""
    given = answers.get(needs[0])
    values = given if isinstance(given, list) else [given]
    return not needs[1].isdisjoint(str(value) for value in values)


SAFETY = replace(
    question("safety_check"),
    label="Before you go on: has any of these started or got worse?",
)

ABOUT_YOU = Page(
    "about-you",
    "About you",
    "This helps us prepare: who you are, and who helps you.",
    (
        Section(
            "person",
            "You",
            "",
            (
                Question(
                    "date_of_birth",
                    Kind.DATE,
                    "Date of birth",
                    required=True,
                    autocomplete="bday",
                    help="Month, day and year, such as 03/15/1970.",
                    why="Age changes which causes are likely. It also makes sure that we talk to the right person.",
                ),
                Question(
                    "sex_at_birth",
                    Kind.ONE,
                    "Sex at birth",
                    (("female", "Female"), ("male", "Male"), ("other", "Another answer"), *PREFER_NOT),
                    why="Only for your record. No rule of ours looks at it.",
                ),
                Question(
                    "preferred_language",
                    Kind.ONE,
                    "In which language should we talk?",
                    (("en", "English"), ("es", "Spanish"), ("other", "Another language")),
                ),
                Question(
                    "interpreter_needed",
                    Kind.ONE,
                    "Would you like an interpreter, at no cost?",
                    YES_NO,
                    why="You have a right to one.",
                ),
            ),
        ),
        Section(
            "work",
            "Work and law",
            "",
            (
                Question(
                    "work_status",
                    Kind.ONE,
                    "Do you work at the moment?",
                    (
                        ("working", "Yes"),
                        ("restricted", "Yes, with restrictions"),
                        ("off_work", "No, because of the pain"),
                        ("retired", "Retired"),
                        ("disabled", "Disabled"),
                        ("none", "No, for other reasons"),
                        *PREFER_NOT,
                    ),
                    why="It shows how much the pain keeps you from doing.",
                ),
                Question("work_injury", Kind.ONE, "Did it begin with an injury at work?", YES_NO),
                Question("auto_accident", Kind.ONE, "Did it begin with a traffic accident?", YES_NO),
                Question(
                    "legal_case",
                    Kind.ONE,
                    "Is there a claim or a legal case about it?",
                    (("yes", "Yes"), ("no", "No"), *PREFER_NOT),
                    why="Then another insurance may pay, and other papers are needed.",
                ),
            ),
        ),
        Section(
            "people",
            "People around you",
            "",
            (
                Question("primary_care", Kind.TEXT, "Your family doctor, with telephone if you know it"),
                Question("referring_provider", Kind.TEXT, "Who sent you to us, if anybody did"),
                Question("emergency_contact", Kind.TEXT, "Whom may we call in an emergency? Name and telephone"),
                Question(
                    "care_partner",
                    Kind.ONE,
                    "Could an adult come with you on the day of a procedure?",
                    YES_NO,
                    why="After some procedures nobody should travel alone.",
                ),
            ),
        ),
    ),
)

PAIN = Page(
    "pain",
    "Your pain",
    "The more exactly you tell, the less we have to ask on the phone.",
    (
        Section("safety", "Safety first", "", (SAFETY,)),
        Section(
            "strength",
            "How strong it is",
            "0 is no pain, 10 the worst that you can imagine. Think of the last 7 days.",
            (
                Question(
                    "pain_now_avg",
                    Kind.SCALE,
                    "How strong was your pain on average?",
                    RATING,
                    ends=("No pain", "Worst pain you can imagine"),
                ),
                Question(
                    "pain_enjoyment",
                    Kind.SCALE,
                    "How much did pain get in the way of enjoying life?",
                    RATING,
                    ends=("Not at all", "Completely"),
                ),
                Question(
                    "pain_activity",
                    Kind.SCALE,
                    "How much did pain get in the way of what you do in a day?",
                    RATING,
                    ends=("Not at all", "Completely"),
                    why="These three numbers together tell whether treatment helps, when we ask again later.",
                ),
                Question(
                    "nrs_back_avg",
                    Kind.SCALE,
                    "Back or neck alone: how strong on average?",
                    RATING,
                    ends=("No pain", "Worst pain you can imagine"),
                ),
                Question(
                    "nrs_leg_avg",
                    Kind.SCALE,
                    "Leg or arm alone: how strong on average?",
                    RATING,
                    ends=("No pain", "Worst pain you can imagine"),
                ),
                Question(
                    "back_leg_ratio",
                    Kind.ONE,
                    "Where is it worse?",
                    (
                        ("back", "Mostly back or neck"),
                        ("equal", "About the same"),
                        ("limb", "Mostly leg or arm"),
                        *UNSURE,
                    ),
                    why="Pain in a leg or an arm often comes from a nerve, and is treated in another way.",
                ),
            ),
        ),
        Section(
            "character",
            "What it is like",
            "",
            (
                Question(
                    "quality",
                    Kind.MANY,
                    "What does it feel like?",
                    (
                        ("aching", "Aching"),
                        ("burning", "Burning"),
                        ("stabbing", "Stabbing"),
                        ("electric", "Like electricity"),
                        ("cramping", "Cramping"),
                    ),
                ),
                Question(
                    "course",
                    Kind.ONE,
                    "How has it changed in the last four weeks?",
                    (("better", "Better"), ("same", "The same"), ("worse", "Worse"), *UNSURE),
                ),
                Question(
                    "worse_with",
                    Kind.MANY,
                    "What makes it worse?",
                    (
                        ("sitting", "Sitting"),
                        ("standing", "Standing"),
                        ("walking", "Walking"),
                        ("bending", "Bending"),
                        ("coughing", "Coughing or sneezing"),
                        ("lying", "Lying down"),
                    ),
                ),
                Question(
                    "better_with",
                    Kind.MANY,
                    "What makes it better?",
                    (
                        ("sitting", "Sitting"),
                        ("leaning_forward", "Leaning forward"),
                        ("lying", "Lying down"),
                        ("walking", "Walking"),
                    ),
                ),
                Question(
                    "walk_distance",
                    Kind.ONE,
                    "How far can you walk without a rest?",
                    (
                        ("unlimited", "As far as I like"),
                        ("over_half_mile", "More than half a mile"),
                        ("under_half_mile", "Less than half a mile"),
                        ("under_block", "Less than a block"),
                        *UNSURE,
                    ),
                ),
                Question(
                    "limb_symptoms",
                    Kind.ONE,
                    "Is a leg, a foot, an arm or a hand numb or weak?",
                    YES_NO,
                    why="Numbness and weakness tell which nerve may be pressed.",
                ),
                Question("numb_where", Kind.TEXT, "If so, where, and since when?"),
                Question(
                    "limited",
                    Kind.MANY,
                    "What does the pain keep you from?",
                    (("work", "Work"), ("sleep", "Sleep"), ("walking", "Walking"), (NONE, "None of these")),
                    exclusive=NONE,
                ),
                Question(
                    "goals",
                    Kind.LONG_TEXT,
                    "What would you like to be able to do again?",
                    help=f"Up to {LONGEST_TEXT} characters.",
                ),
            ),
        ),
    ),
)

NECK = Page(
    "neck",
    "Neck, hands and balance",
    "You told us of pain in your neck. Pressure on the spinal cord can show in hands and feet.",
    (
        Section(
            "cord",
            "Hands and balance",
            "",
            (
                Question("safety_check", Kind.SAFETY, SAFETY.label, SAFETY.choices, required=True, exclusive=NONE),
                Question(
                    "hand_clumsiness",
                    Kind.ONE,
                    "Are your hands clumsy, for instance with buttons or keys?",
                    YES_NO,
                ),
                Question("gait_balance", Kind.ONE, "Are you unsteady when you walk?", YES_NO),
            ),
        ),
    ),
    needs=("pain_region", frozenset({"neck"})),
)

IMAGING = Page(
    "imaging",
    "Diagnoses and pictures",
    "What doctors have told you so far, and which pictures were taken.",
    (
        Section(
            "told",
            "What you were told",
            "",
            (
                Question(
                    "diagnoses_told",
                    Kind.MANY,
                    "Which of these were you told?",
                    (
                        ("herniated_disc", "Herniated disc"),
                        ("bulging_disc", "Bulging disc"),
                        ("stenosis", "Spinal stenosis"),
                        ("ddd", "Degenerative disc disease"),
                        ("spondylolisthesis", "Spondylolisthesis"),
                        ("facet", "Facet joint arthritis"),
                        ("bone_spurs", "Bone spurs"),
                        ("scoliosis", "Scoliosis"),
                        ("fracture", "Fracture"),
                        ("si_joint", "Sacroiliac joint"),
                        ("not_told", "None, or I do not know"),
                    ),
                    exclusive="not_told",
                ),
            ),
        ),
        Section(
            "pictures",
            "Pictures",
            "",
            (
                question("imaging"),
                Question(
                    "imaging_date",
                    Kind.ROUGH_DATE,
                    "When was the latest?",
                    help="2026, 03/2026 or 03/15/2026.",
                    why="Many decisions want pictures that are not older than a year.",
                ),
                Question("imaging_place", Kind.TEXT, "Where was it taken?", help="Name and town are enough."),
                Question(
                    "images_available",
                    Kind.ONE,
                    "Do you have the pictures?",
                    (
                        ("portal", "Online, in a portal"),
                        ("cd", "On a disc"),
                        ("film", "On film"),
                        ("no", "No"),
                        *UNSURE,
                    ),
                ),
                Question(
                    "mri_contraindication",
                    Kind.MANY,
                    "Is anything in the way of an MRI?",
                    (
                        ("pacemaker", "Pacemaker or another device"),
                        ("implant", "Metal in the body"),
                        ("claustrophobia", "Fear of narrow places"),
                        (NONE, "None of these"),
                    ),
                    exclusive=NONE,
                ),
            ),
        ),
    ),
)

BACKGROUND = Page(
    "background",
    "Your health",
    "Illnesses and medicines that a doctor has to know before planning anything.",
    (
        Section(
            "before",
            "Your spine before",
            "",
            (
                Question("prior_spine_surgery", Kind.ONE, "Have you had surgery on your spine?", YES_NO),
                Question(
                    "prior_surgery_what",
                    Kind.TEXT,
                    "If so: what, when, and did it help?",
                    why="Scar tissue and hardware change what can be done.",
                ),
            ),
        ),
        Section(
            "health",
            "Your health now",
            "",
            (
                Question(
                    "conditions",
                    Kind.MANY,
                    "Do you have any of these?",
                    (
                        ("diabetes", "Diabetes"),
                        ("heart", "Heart disease"),
                        ("lung", "Lung disease or sleep apnea"),
                        ("kidney", "Kidney disease"),
                        ("bleeding", "Bleeding disorder"),
                        ("blood_thinner", "I take a blood thinner"),
                        ("osteoporosis", "Osteoporosis"),
                        ("cancer", "Cancer, now or before"),
                        ("immune", "Weak immune system"),
                        ("infection", "Infection, such as MRSA"),
                        ("mood", "Depression or anxiety"),
                        ("pregnancy", "Pregnancy"),
                        (NONE, "None of these"),
                    ),
                    exclusive=NONE,
                ),
                Question(
                    "hba1c",
                    Kind.NUMBER,
                    "With diabetes: your last HbA1c, in percent",
                    help="Such as 7.2. Leave it empty if you do not know.",
                ),
                Question(
                    "nicotine",
                    Kind.ONE,
                    "Do you smoke, vape or use nicotine?",
                    (("never", "Never"), ("former", "Not any more"), ("current", "Yes"), *PREFER_NOT),
                    why="Nicotine slows healing. Some insurers ask for weeks without it.",
                ),
                Question(
                    "opioids",
                    Kind.ONE,
                    "Do you take opioids for the pain?",
                    (("no", "No"), ("sometimes", "Sometimes"), ("daily", "Every day"), *UNSURE, *PREFER_NOT),
                ),
                Question(
                    "allergies",
                    Kind.MANY,
                    "Are you allergic to any of these?",
                    (
                        ("latex", "Latex"),
                        ("contrast", "Contrast dye"),
                        ("metal", "Metal"),
                        ("drug", "A medicine"),
                        (NONE, "None that I know of"),
                    ),
                    exclusive=NONE,
                ),
                Question("medications", Kind.LONG_TEXT, "Which medicines do you take?"),
            ),
        ),
    ),
)

INSURANCE = Page(
    "insurance",
    "Insurance and travel",
    "Who pays, and how you would get here.",
    (
        Section(
            "payer",
            "Insurance",
            "",
            (
                Question(
                    "plan_type",
                    Kind.SELECT,
                    "What kind of insurance do you have?",
                    (
                        ("commercial", "From work or bought by me"),
                        ("medicare", "Medicare"),
                        ("medicare_advantage", "Medicare Advantage"),
                        ("medicaid", "Medicaid"),
                        ("tricare_va", "TRICARE or VA"),
                        ("workers_comp", "Workers' compensation"),
                        ("auto", "Auto insurance"),
                        ("self_pay", "None, I pay myself"),
                        *UNSURE,
                    ),
                    why="Each insurer asks for other papers. We check that for you. No rule of ours looks at it.",
                ),
                Question("payer_name", Kind.TEXT, "Name of the insurer"),
                Question("member_id", Kind.TEXT, "Member number", help="On the front of your card. Kept encrypted."),
                Question("group_number", Kind.TEXT, "Group number"),
                Question("policy_holder", Kind.TEXT, "Whose policy is it, if not yours?"),
                Question("referral_required", Kind.ONE, "Does your insurer want a referral?", YES_NO),
            ),
        ),
        Section(
            "travel",
            "Getting here",
            "",
            (
                Question("can_travel", Kind.ONE, "Could you come to us for a visit?", YES_NO),
                Question("availability", Kind.TEXT, "Which days suit you best?"),
            ),
        ),
    ),
)

PAGES: tuple[Page, ...] = (ABOUT_YOU, PAIN, NECK, IMAGING, BACKGROUND, INSURANCE)
PAGE = {page.key: page for page in PAGES}

SAFETY_SCRIPT = Page(
    "safety",
    "Warning signs",
    "To be read out in a call, sentence by sentence.",
    (Section("safety", "Safety first", "", (SAFETY, question("safety_check_b"))),),
)

RECHECK = Page(
    "recheck",
    "How are you now?",
    "A few questions, so that we can see whether it got better. About one minute.",
    (
        Section("safety", "Safety first", "", (SAFETY, question("safety_check_b"))),
        Section(
            "strength",
            "The last 7 days",
            "0 is no pain, 10 the worst that you can imagine.",
            tuple(replace(one, required=True) for one in PAIN.sections[1].questions[:3]),
        ),
        Section(
            "since",
            "Since we last asked",
            "",
            (
                Question(
                    "new_treatments",
                    Kind.ONE,
                    "Have you tried anything new?",
                    (("yes", "Yes, I will add it next"), ("no", "No")),
                    required=True,
                ),
            ),
        ),
    ),
)
