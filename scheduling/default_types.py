"""The appointment types that every installation begins with. Administrators change them; the keys stay."""

from typing import Any

from crm.enums.leads import Outcome
from scheduling.enums import Mode

HOUR, DAY = 60, 24 * 60
CANDIDATES = [Outcome.CONSULT_LIKELY]
TYPES: list[dict[str, Any]] = [
    {
        "key": "phone_consultation",
        "label": "Telephone consultation",
        "label_es": "Consulta por teléfono",
        "about": "Have your list of medicines at hand.",
        "about_es": "Tenga a mano la lista de sus medicinas.",
        "mode": Mode.PHONE,
        "duration": 30,
        "step": 30,
        "buffer_after": 10,
        "min_notice": 4 * HOUR,
        "window_days": 30,
        "cancel_until": 2 * HOUR,
        "reschedule_until": 2 * HOUR,
        "self_book": [*CANDIDATES, Outcome.MORE_INFO],
    },
    {
        "key": "mri_review",
        "label": "Review of your pictures",
        "label_es": "Revisión de sus imágenes",
        "about": "A clinician looks at your pictures and calls you. Send us the disc or a link before that day.",
        "about_es": "Un profesional revisa sus imágenes y le llama. Envíenos antes el disco o un enlace.",
        "mode": Mode.PHONE,
        "is_consultation": False,
        "duration": 20,
        "step": 20,
        "buffer_after": 10,
        "window_days": 45,
    },
    {
        "key": "on_site_evaluation",
        "label": "Evaluation at the center",
        "label_es": "Evaluación en el centro",
        "about": "Bring your pictures on a disc, your list of medicines and an identity card. Come 15 minutes early.",
        "about_es": "Traiga sus imágenes en un disco, sus medicinas y una identificación. Llegue 15 minutos antes.",
        "mode": Mode.ON_SITE,
        "duration": 45,
        "step": 15,
        "buffer_after": 15,
        "min_notice": 2 * DAY,
        "window_days": 60,
        "needs_room": True,
        "self_book": CANDIDATES,
    },
    {
        "key": "second_visit",
        "label": "Second visit",
        "label_es": "Segunda visita",
        "about": "Bring what we asked for at your first visit.",
        "about_es": "Traiga lo que le pedimos en su primera visita.",
        "mode": Mode.ON_SITE,
        "is_consultation": False,
        "duration": 30,
        "step": 15,
        "buffer_after": 10,
        "window_days": 90,
        "needs_room": True,
    },
]


def ensure_types(**_: Any) -> None:
    """Add the default types that are missing. Runs after every migration; what staff changed stays."""
    from scheduling.models import AppointmentType

    AppointmentType.objects.bulk_create(
        [AppointmentType(position=number, **values) for number, values in enumerate(TYPES)], ignore_conflicts=True
    )
