"""Choices of treatments and of what is measured. Codes never change; labels may, and patients read some."""

from django.db.models import TextChoices


class TreatmentGroup(TextChoices):
    ACTIVE = "ACTIVE", "Exercise and physical therapy"
    MEDICATION = "MEDICATION", "Medication"
    INJECTION = "INJECTION", "Injection"
    MANUAL = "MANUAL", "Hands-on therapy"
    DEVICE = "DEVICE", "Device"
    SELF_CARE = "SELF_CARE", "Self-care"
    BEHAVIOURAL = "BEHAVIOURAL", "Behavioral"
    OTHER = "OTHER", "Other"


class TreatmentStatus(TextChoices):
    PLANNED = "planned", "Planned"
    ONGOING = "ongoing", "Ongoing"
    COMPLETED = "completed", "Completed"
    STOPPED_NO_BENEFIT = "stopped_no_benefit", "Stopped: no benefit"
    STOPPED_SIDE_EFFECTS = "stopped_side_effects", "Stopped: side effects"
    STOPPED_MADE_WORSE = "stopped_made_worse", "Stopped: made it worse"
    STOPPED_COST_ACCESS = "stopped_cost_access", "Stopped: cost or access"
    CONTRAINDICATED = "contraindicated", "Contraindicated"
    DECLINED = "declined", "Declined"


class DatePrecision(TextChoices):
    DAY = "day", "Exact day"
    MONTH = "month", "Month"
    YEAR = "year", "Year"


class Documentation(TextChoices):
    NONE = "none", "None yet"
    REQUESTED = "requested", "Requested"
    RECEIVED = "received", "Received"
    VERIFIED = "verified", "Verified"
    WAIVED = "waived", "Waived"


class Source(TextChoices):
    PATIENT = "patient", "Patient"
    COORDINATOR = "coordinator", "Coordinator"
    MEDICAL_RECORD = "medical_record", "Medical record"
    REFERRING_PROVIDER = "referring_provider", "Referring provider"


class BodyRegion(TextChoices):
    CERVICAL = "cervical", "Neck"
    THORACIC = "thoracic", "Mid back"
    LUMBAR = "lumbar", "Low back"
    SACRAL = "sacral", "Tailbone and pelvis"


class Side(TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"
    BOTH = "both", "Both"


class Guidance(TextChoices):
    FLUORO = "fluoro", "X-ray (fluoroscopy)"
    CT = "ct", "CT"
    ULTRASOUND = "us", "Ultrasound"
    NONE = "none", "None"
    UNKNOWN = "unknown", "Not known"


class Setting(TextChoices):
    IN_PERSON = "in_person", "In person"
    VIRTUAL = "virtual", "Virtual"
    HOME = "home", "At home"
    SELF = "self", "On one's own"


class ProviderType(TextChoices):
    PT = "pt", "Physical therapist"
    PCP = "pcp", "Primary care"
    PAIN = "pain", "Pain physician"
    CHIROPRACTOR = "chiropractor", "Chiropractor"
    SURGEON = "surgeon", "Surgeon"
    ACUPUNCTURIST = "acupuncturist", "Acupuncturist"
    PSYCHOLOGIST = "psychologist", "Psychologist"
    SELF = "self", "Self"
    OTHER = "other", "Other"


class FunctionChange(TextChoices):
    BETTER = "better", "Better"
    SAME = "same", "Same"
    WORSE = "worse", "Worse"
    UNKNOWN = "unknown", "Not known"


class SideEffect(TextChoices):
    NONE = "none", "None"
    STOMACH = "stomach", "Stomach"
    DROWSY = "drowsy", "Drowsy"
    DIZZY = "dizzy", "Dizzy"
    CONSTIPATION = "constipation", "Constipation"
    MOOD = "mood", "Mood"
    BLEEDING = "bleeding", "Bleeding"
    INFECTION = "infection", "Infection"
    RAISED_SUGAR = "raised_sugar", "Raised blood sugar"
    HEADACHE = "headache", "Headache"
    PAIN_FLARE = "pain_flare", "Pain flare"
    OTHER = "other", "Other"


class Unsure(TextChoices):
    """What somebody was asked and answered with "not sure". Codes are columns, but for the dates."""

    DATES = "dates", "When it was"
    RELIEF = "relief_percent", "How much it helped"
    LASTED = "relief_duration_days", "How long it helped"
    DIRECTED = "directed_by_clinician", "Whether a clinician directed it"
    REGION = "body_region", "Where it was given"


class MeasurementKind(TextChoices):
    NRS_BACK_AVG = "nrs_back_avg", "Back pain, average of 7 days (0-10)"
    NRS_LEG_AVG = "nrs_leg_avg", "Leg pain, average of 7 days (0-10)"
    NRS_AVG = "nrs_avg", "Pain, average of 7 days (0-10)"
    PEG = "peg", "Pain and interference (0-10)"
    RMDQ = "rmdq", "Roland-Morris total (0-24)"
    ODI = "odi", "Oswestry total (0-100)"
    NDI = "ndi", "Neck disability total (0-100)"


MEASUREMENT_RANGE = dict.fromkeys(MeasurementKind, (0, 10)) | {
    MeasurementKind.RMDQ: (0, 24),
    MeasurementKind.ODI: (0, 100),
    MeasurementKind.NDI: (0, 100),
}
# The questions of these belong to their publishers: staff write down a total.
NEVER_ASKED = (MeasurementKind.RMDQ, MeasurementKind.ODI, MeasurementKind.NDI)
# A count of ticks, or a choice from eleven numbers. Percents and means have fractions.
WHOLE_NUMBERS = (
    MeasurementKind.RMDQ,
    MeasurementKind.NRS_AVG,
    MeasurementKind.NRS_BACK_AVG,
    MeasurementKind.NRS_LEG_AVG,
)
