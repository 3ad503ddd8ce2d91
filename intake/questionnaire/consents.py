"""The boxes of agreement: their exact words and version. A changed word wants a new version: proofs quote it."""

from dataclasses import dataclass

from django.utils.translation import gettext

from crm.enums.leads import ConsentKind


@dataclass(frozen=True)
class Wording:
    """One box. `field` is its name in the form; `{center}` in the text is the name of the location."""

    kind: ConsentKind
    field: str
    required: bool
    version: str
    text: str

    def for_center(self, name: str) -> str:
        """Return the words as shown and as kept in the proof, in the language of this request."""
        return gettext(self.text).replace("{center}", name)


WORDINGS = (
    Wording(
        ConsentKind.PRIVACY,
        "consent_privacy",
        required=True,
        version="2026-11",
        text="I have read the privacy notice. It tells me what {center} does with my answers.",
    ),
    Wording(
        ConsentKind.CONTACT,
        "consent_contact",
        required=True,
        version="2026-11",
        text="{center} may contact me about this request by the ways I gave above.",
    ),
    Wording(
        ConsentKind.EDUCATION,
        "consent_education",
        required=False,
        version="2026-11",
        text="Optional. {center} may send me educational e-mails now and then. I can stop them at any time.",
    ),
)
