"""What the visitor of the main job answers on the first form, as a browser sends it. Needs no Django."""

from typing import Any

STEP_ONE: dict[str, Any] = {
    "safety_check": ["none"],
    "safety_check_b": ["none"],
    "pain_region": ["low_back"],
    "radiation": ["leg_below_knee"],
    "radiation_side": "left",
    "onset": "6to12m",
    "pain_now_avg": "7",
    "tried_treatments": ["pt", "medication", "injections", "other"],
    "imaging": "mri_lt12m",
    "first_name": "Maria",
    "last_name": "Sample",
    "email": "maria.sample@example.org",
    "phone": "(212) 555-0142",
    "phone_type": "mobile",
    "preferred_contact": "phone",
    "best_time": ["morning"],
    "state": "NY",
    "ok_voicemail": "on",
    "how_heard": "search",
    "consent_privacy": "on",
    "consent_contact": "on",
}
