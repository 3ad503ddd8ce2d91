"""The second step: diagnoses told and pictures taken."""

from intake.questionnaire.base import NONE, Page, Question, QuestionKind, Section
from intake.questionnaire.common import UNSURE
from intake.questionnaire.step_one import question

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
                    QuestionKind.MANY,
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
            why="So that you need not explain it all again, and we can ask for the right reports.",
        ),
        Section(
            "pictures",
            "Pictures",
            "",
            (
                question("imaging"),
                Question(
                    "imaging_date",
                    QuestionKind.ROUGH_DATE,
                    "When was the latest?",
                    help="2026, 03/2026 or 03/15/2026.",
                    why="Many decisions want pictures that are not older than a year.",
                ),
                Question("imaging_place", QuestionKind.TEXT, "Where was it taken?", help="Name and town are enough."),
                Question(
                    "images_available",
                    QuestionKind.ONE,
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
                    QuestionKind.MANY,
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
            why="A doctor wants to see the pictures and not only read about them.",
        ),
    ),
)
