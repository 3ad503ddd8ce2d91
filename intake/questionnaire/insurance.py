"""The second step: who pays, and how the person would get here."""

from intake.questionnaire.base import Page, Question, QuestionKind, Section
from intake.questionnaire.common import UNSURE, YES_NO

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
                    QuestionKind.SELECT,
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
                Question("payer_name", QuestionKind.TEXT, "Name of the insurer"),
                Question(
                    "member_id", QuestionKind.TEXT, "Member number", help="On the front of your card. Kept encrypted."
                ),
                Question("group_number", QuestionKind.TEXT, "Group number"),
                Question("policy_holder", QuestionKind.TEXT, "Whose policy is it, if not yours?"),
                Question("referral_required", QuestionKind.ONE, "Does your insurer want a referral?", YES_NO),
            ),
            why="So that we can ask your insurer what it covers before you come.",
        ),
        Section(
            "travel",
            "Getting here",
            "",
            (
                Question("can_travel", QuestionKind.ONE, "Could you come to us for a visit?", YES_NO),
                Question("availability", QuestionKind.TEXT, "Which days suit you best?"),
            ),
            why="So that we offer you times and places that work for you.",
        ),
    ),
)
