"""The second step: who the person is, work and law, and who helps."""

from intake.questionnaire.base import Page, Question, QuestionKind, Section
from intake.questionnaire.common import PREFER_NOT, YES_NO

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
                    QuestionKind.DATE,
                    "Date of birth",
                    required=True,
                    autocomplete="bday",
                    help="Month, day and year, such as 03/15/1970.",
                    why="Age changes which causes are likely. It also makes sure that we talk to the right person.",
                ),
                Question(
                    "sex_at_birth",
                    QuestionKind.ONE,
                    "Sex at birth",
                    (("female", "Female"), ("male", "Male"), ("other", "Another answer"), *PREFER_NOT),
                    why="Only for your record. No rule of ours looks at it.",
                ),
                Question(
                    "preferred_language",
                    QuestionKind.ONE,
                    "In which language should we talk?",
                    (("en", "English"), ("es", "Spanish"), ("other", "Another language")),
                    why="You should understand every word, and so should we.",
                ),
                Question(
                    "interpreter_needed",
                    QuestionKind.ONE,
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
                    QuestionKind.ONE,
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
                Question("work_injury", QuestionKind.ONE, "Did it begin with an injury at work?", YES_NO),
                Question("auto_accident", QuestionKind.ONE, "Did it begin with a traffic accident?", YES_NO),
                Question(
                    "legal_case",
                    QuestionKind.ONE,
                    "Is there a claim or a legal case about it?",
                    (("yes", "Yes"), ("no", "No"), *PREFER_NOT),
                    why="Then another insurance may pay, and other papers are needed.",
                ),
            ),
            why="It shows how much the pain keeps you from, and whether another insurance pays.",
        ),
        Section(
            "people",
            "People around you",
            "",
            (
                Question("primary_care", QuestionKind.TEXT, "Your family doctor, with telephone if you know it"),
                Question("referring_provider", QuestionKind.TEXT, "Who sent you to us, if anybody did"),
                Question(
                    "emergency_contact", QuestionKind.TEXT, "Whom may we call in an emergency? Name and telephone"
                ),
                Question(
                    "care_partner",
                    QuestionKind.ONE,
                    "Could an adult come with you on the day of a procedure?",
                    YES_NO,
                    why="After some procedures nobody should travel alone.",
                ),
            ),
            why="So that we can work with the people who care for you. We call nobody without your word.",
        ),
    ),
)
