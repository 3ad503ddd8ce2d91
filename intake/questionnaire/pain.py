"""The second step: the pain itself, and hands and balance for those whose neck hurts."""

from intake.questionnaire.base import LONGEST_TEXT, NONE, Choices, Page, Question, QuestionKind, Section
from intake.questionnaire.common import RATING, SAFETY, UNSURE, YES_NO

NUMBNESS: Choices = (
    ("no", "No"),
    ("worse", "Yes: it began or got worse in the last two weeks"),
    ("same", "Yes: it has been the same for more than two weeks"),
    ("better", "Yes, but it is getting better"),
    ("unsure", "Not sure whether there is any"),
)
WEAKNESS: Choices = (*NUMBNESS[:-1], ("yes_unsure", "Yes, and I am not sure how it is changing"), NUMBNESS[-1])

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
                    QuestionKind.SCALE,
                    "How strong was your pain on average?",
                    RATING,
                    ends=("No pain", "Worst pain you can imagine"),
                ),
                Question(
                    "pain_enjoyment",
                    QuestionKind.SCALE,
                    "How much did pain get in the way of enjoying life?",
                    RATING,
                    ends=("Not at all", "Completely"),
                ),
                Question(
                    "pain_activity",
                    QuestionKind.SCALE,
                    "How much did pain get in the way of what you do in a day?",
                    RATING,
                    ends=("Not at all", "Completely"),
                    why="These three numbers together tell whether treatment helps, when we ask again later.",
                ),
                Question(
                    "nrs_back_avg",
                    QuestionKind.SCALE,
                    "Back or neck alone: how strong on average?",
                    RATING,
                    ends=("No pain", "Worst pain you can imagine"),
                ),
                Question(
                    "nrs_leg_avg",
                    QuestionKind.SCALE,
                    "Leg or arm alone: how strong on average?",
                    RATING,
                    ends=("No pain", "Worst pain you can imagine"),
                ),
                Question(
                    "back_leg_ratio",
                    QuestionKind.ONE,
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
            why="Numbers show later whether something has helped. Back and leg are treated in different ways.",
        ),
        Section(
            "character",
            "What it is like",
            "",
            (
                Question(
                    "quality",
                    QuestionKind.MANY,
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
                    QuestionKind.ONE,
                    "How has it changed in the last four weeks?",
                    (("better", "Better"), ("same", "The same"), ("worse", "Worse"), *UNSURE),
                ),
                Question(
                    "worse_with",
                    QuestionKind.MANY,
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
                    QuestionKind.MANY,
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
                    QuestionKind.ONE,
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
                    QuestionKind.ONE,
                    "Is a leg, a foot, an arm or a hand numb or weak?",
                    YES_NO,
                    why="Numbness and weakness tell which nerve may be pressed.",
                ),
                Question(
                    "limb_weakness",
                    QuestionKind.ONE,
                    "Apart from numbness: is a leg, a foot, an arm or a hand weak?",
                    WEAKNESS,
                    why="Weakness that is growing cannot wait. Weakness that stays has to be looked at soon.",
                ),
                Question("limb_numbness", QuestionKind.ONE, "Is a leg, a foot, an arm or a hand numb?", NUMBNESS),
                Question("numb_where", QuestionKind.TEXT, "If so, where, and since when?"),
                Question(
                    "lift_foot",
                    QuestionKind.ONE,
                    "Can you lift the front of each foot, and stand?",
                    (
                        ("yes", "Yes"),
                        ("no_new", "No: that began or got worse in the last two weeks"),
                        ("no_old", "No: that has been the same for more than two weeks"),
                        *UNSURE,
                    ),
                ),
                Question(
                    "limited",
                    QuestionKind.MANY,
                    "What does the pain keep you from?",
                    (("work", "Work"), ("sleep", "Sleep"), ("walking", "Walking"), (NONE, "None of these")),
                    exclusive=NONE,
                ),
                Question(
                    "goals",
                    QuestionKind.LONG_TEXT,
                    "What would you like to be able to do again?",
                    help=f"Up to {LONGEST_TEXT} characters.",
                ),
            ),
            why="It tells a doctor which part of the back may be the source, and what matters to you.",
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
                SAFETY,
                Question(
                    "hand_clumsiness",
                    QuestionKind.ONE,
                    "Are your hands clumsy, for instance with buttons or keys?",
                    YES_NO,
                ),
                Question("gait_balance", QuestionKind.ONE, "Are you unsteady when you walk?", YES_NO),
                Question(
                    "hands_gait_change",
                    QuestionKind.ONE,
                    "If so, hands and walking: is it getting worse?",
                    (
                        ("worse", "Yes, it is getting worse"),
                        ("same", "No, it stays the same"),
                        ("better", "No, it is getting better"),
                        *UNSURE,
                    ),
                ),
            ),
            why="Pressure on the spinal cord shows in hands and feet first. A doctor should know early.",
        ),
    ),
    needs=("pain_region", frozenset({"neck"})),
)
