"""The second step: what a doctor has to know before planning anything."""

from intake.questionnaire.base import NONE, Page, Question, QuestionKind, Section
from intake.questionnaire.common import PREFER_NOT, UNSURE, YES_NO

LOOKED_AT = "A clinician looks at these before anything is planned."

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
                Question("prior_spine_surgery", QuestionKind.ONE, "Have you had surgery on your spine?", YES_NO),
                Question(
                    "prior_surgery_what",
                    QuestionKind.TEXT,
                    "If so: what, when, and did it help?",
                    why="Scar tissue and hardware change what can be done.",
                ),
            ),
            why="A spine that was operated on is looked at in another way.",
        ),
        Section(
            "health",
            "Your health now",
            "",
            (
                Question(
                    "conditions",
                    QuestionKind.MANY,
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
                    "cancer_other",
                    QuestionKind.ONE,
                    "Have you ever had cancer, other than common skin cancer?",
                    YES_NO,
                    why=LOOKED_AT,
                ),
                Question(
                    "recent_events",
                    QuestionKind.MANY,
                    "Did you have any of these in the last three months?",
                    (
                        ("infection", "A serious infection"),
                        ("surgery", "Surgery on my spine"),
                        ("drugs", "Injected drugs that nobody prescribed"),
                        *UNSURE,
                        (NONE, "None of these"),
                    ),
                    exclusive=NONE,
                    why=LOOKED_AT,
                ),
                Question(
                    "steroids_months",
                    QuestionKind.ONE,
                    "Have you taken steroids, such as prednisone, for months?",
                    YES_NO,
                    why=LOOKED_AT,
                ),
                Question(
                    "new_severe_pain",
                    QuestionKind.ONE,
                    "Do you have new, severe pain in your spine?",
                    YES_NO,
                    why=LOOKED_AT,
                ),
                Question(
                    "hba1c",
                    QuestionKind.NUMBER,
                    "With diabetes: your last HbA1c, in percent",
                    help="Such as 7.2. Leave it empty if you do not know.",
                ),
                Question(
                    "nicotine",
                    QuestionKind.ONE,
                    "Do you smoke, vape or use nicotine?",
                    (("never", "Never"), ("former", "Not any more"), ("current", "Yes"), *PREFER_NOT),
                    why="Nicotine slows healing. Some insurers ask for weeks without it.",
                ),
                Question(
                    "nicotine_quit",
                    QuestionKind.ROUGH_DATE,
                    "If not any more: since when?",
                    help="2026, 03/2026 or 03/15/2026.",
                ),
                Question(
                    "opioids",
                    QuestionKind.ONE,
                    "Do you take opioids for the pain?",
                    (("no", "No"), ("sometimes", "Sometimes"), ("daily", "Every day"), *UNSURE, *PREFER_NOT),
                ),
                Question(
                    "allergies",
                    QuestionKind.MANY,
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
                Question("medications", QuestionKind.LONG_TEXT, "Which medicines do you take?"),
            ),
            why="Some illnesses and medicines change what is safe. No rule of ours turns anybody away for them.",
        ),
    ),
)
