"""Every state and choice of the base domain, with the groups that rules speak of. Codes never change; labels may."""

from enum import StrEnum

from django.db.models import TextChoices


class Stage(TextChoices):
    """Where a lead stands. Moves between stages: TRANSITIONS; the door: crm.leads.actions.move."""

    NEW = "new", "New"
    CONTACTING = "contacting", "Contacting"
    QUALIFYING = "qualifying", "Qualifying"
    RECORDS = "records", "Records"
    REVIEW = "review", "Clinical review"
    BOOKING = "booking", "Booking"
    BOOKED = "booked", "Booked"
    CONSULTED = "consulted", "Consulted"
    PATIENT = "patient", "Patient"
    NURTURE = "nurture", "Nurture"
    DORMANT = "dormant", "Dormant"
    IMPROVED = "improved", "Improved"
    LOST = "lost", "Lost"


MAIN_LINE = [
    Stage.NEW,
    Stage.CONTACTING,
    Stage.QUALIFYING,
    Stage.RECORDS,
    Stage.REVIEW,
    Stage.BOOKING,
    Stage.BOOKED,
    Stage.CONSULTED,
    Stage.PATIENT,
]
SIDE_STAGES = [Stage.NURTURE, Stage.DORMANT, Stage.IMPROVED, Stage.LOST]
OPEN_STAGES = MAIN_LINE[:-1]
# Where nobody works on a lead any more, patients excepted: nothing is planned for whoever is here.
CLOSED_STAGES = [Stage.DORMANT, Stage.IMPROVED, Stage.LOST]
MET_STAGES = [Stage.CONSULTED, Stage.PATIENT]
# Where whoever sent the patient has something to hear: the patient was seen, or will not be for now.
TOLD_STAGES = [Stage.CONSULTED, Stage.PATIENT, *SIDE_STAGES]


def _transitions() -> dict[Stage, frozenset[Stage]]:
    """Return the moves that are allowed: forward to any later stage, back from booked to booking, aside from any open
    stage, and from aside back in."""
    table = {stage: {*MAIN_LINE[i + 1 :], *SIDE_STAGES} for i, stage in enumerate(MAIN_LINE[:-1])}
    table[Stage.BOOKED].add(Stage.BOOKING)
    table |= {stage: {Stage.QUALIFYING} for stage in SIDE_STAGES}
    table[Stage.PATIENT] = set()
    return {stage: frozenset(later) for stage, later in table.items()}


TRANSITIONS = _transitions()


class Requirement(TextChoices):
    """What a stage may ask of a lead that enters it. Of a person who moves it: what moves by itself asks nobody."""

    NEXT_STEP = "next_step", "A next step with its day"
    OWNER = "owner", "An owner"
    NOTE = "note", "A note that says why"
    ASSESSED = "assessed", "An assessment"


class Outcome(TextChoices):
    """What the candidacy rules suggest to staff. Never shown as a verdict."""

    URGENT = "URGENT", "Urgent"
    PROMPT_REVIEW = "PROMPT_REVIEW", "Prompt clinical review"
    OUT_OF_SCOPE = "OUT_OF_SCOPE", "Out of scope"
    MORE_INFO = "MORE_INFO", "More information needed"
    CONTINUE_CONSERVATIVE = "CONTINUE_CONSERVATIVE", "Continue conservative care"
    CONSULT_LIKELY = "CONSULT_LIKELY", "Consultation reasonable"

    @property
    def urgency(self) -> int:
        """Return how soon somebody has to act: URGENT before PROMPT_REVIEW before all others."""
        return {Outcome.URGENT: 2, Outcome.PROMPT_REVIEW: 1}.get(self, 0)


class LostReason(TextChoices):
    CHOSE_OTHER = "chose_other", "Chose another provider"
    NOT_INTERESTED = "not_interested", "No longer interested"
    COST = "cost", "Cost or insurance"
    OUT_OF_AREA = "out_of_area", "Out of area"
    OUT_OF_SCOPE = "out_of_scope", "Not something we treat"
    WRONG_PERSON = "wrong_person", "Wrong person or test"
    OTHER = "other", "Other"


class PhoneType(TextChoices):
    MOBILE = "mobile", "Mobile"
    LANDLINE = "landline", "Landline"


class ContactChannel(TextChoices):
    PHONE = "phone", "Phone call"
    EMAIL = "email", "E-mail"
    TEXT = "text", "Text message"


class MessageState(TextChoices):
    """The life of one message in the outbox. See docs/delivery.md for the picture."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    IN_DATA = "in_data", "Being handed over"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    CANCELLED = "cancelled", "Cancelled"
    SUPPRESSED = "suppressed", "Suppressed"


LEASED_STATES = [MessageState.SENDING, MessageState.IN_DATA]
NEEDS_A_PERSON = [MessageState.FAILED, MessageState.UNKNOWN]


class Channel(TextChoices):
    """By what a message goes. Text messages have no sender yet: nothing may promise them."""

    EMAIL = "email", "E-mail"
    TEXT = "text", "Text message"


class MessageClass(TextChoices):
    """Which rules bind a message: an answer goes at once at any hour; the others wait for their window."""

    ANSWER = "answer", "Answer to the patient's own act"
    REMINDER = "reminder", "Appointment reminder"
    FOLLOW_UP = "follow_up", "Follow-up"
    RELATIONSHIP = "relation", "Follow-up within the relation"
    COMMERCIAL = "commercial", "Education and advertising"


# Somebody waits for these this very moment: codes, links, confirmations, and the alerts of the desk.
URGENT = [MessageClass.ANSWER]
AUTOMATED = [MessageClass.FOLLOW_UP, MessageClass.RELATIONSHIP, MessageClass.COMMERCIAL]


class Pulse(TextChoices):
    """Name each process that shows that it is alive: the clock, and the worker of each queue (crm/ops/heartbeat.py)."""

    BEAT = "beat", "The clock (beat) has not struck"
    URGENT = "urgent", "No worker has taken urgent mail (codes, links and alerts)"
    MAIL = "mail", "No worker has taken other mail"
    SLOW = "slow", "No worker has taken incoming mail, calendars and scans"


class EnrollmentState(TextChoices):
    """Where somebody stands in a sequence."""

    LIVE = "live", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Finished"
    STOPPED = "stopped", "Stopped"
    PARKED = "parked", "Waits for a person"


class EnrollmentBecause(TextChoices):
    """Why a sequence is held or has ended, as far as anything depends on it. For people the words stand beside it."""

    HOLD = "hold", "Safety hold: people only"
    WROTE = "wrote", "The patient wrote: a person decides how to go on"


UNDER_WAY = [EnrollmentState.LIVE, EnrollmentState.PAUSED, EnrollmentState.PARKED]


class StepResult(TextChoices):
    """Say what became of one step of one enrollment. What becomes of a mail after that, its Message says."""

    MAIL = "mail", "Mail written"
    TASK = "task", "Task opened"
    INSTEAD = "instead", "Call instead of a mail"
    MOVED = "moved", "Stage moved"
    FOLDED = "folded", "Made with the request"
    SKIPPED = "skipped", "Skipped"
    BLOCKED = "blocked", "Not allowed"
    FAILED = "failed", "Failed"


class OnUnknown(TextChoices):
    """What to do when the connection was lost after DATA and nobody can know whether the relay accepted."""

    RESEND = "resend", "Send again with the same Message-ID"
    PARK = "park", "Wait for a person"


class Event(StrEnum):
    """What happens to a lead that others may want to follow up."""

    TREATMENTS_CHANGED = "treatments_changed"
    MEASURED = "measured"
    DETAILS_CHANGED = "details_changed"
    ADDRESS_CHANGED = "address_changed"  # facts: before, was_theirs
    IMAGING_CHANGED = "imaging_changed"
    HOLD_CLEARED = "hold_cleared"
    SUBMITTED = "submitted"
    ANSWERED = "answered"
    STAGE_MOVED = "stage_moved"
    CALLED = "called"
    OUTCOME_CHANGED = "outcome_changed"
    REPLIED = "replied"
    NO_SHOW = "no_show"
    NO_SHOW_TAKEN_BACK = "no_show_taken_back"
    REVIEWED = "reviewed"
    CONSULTED = "consulted"
    BOOKED = "booked"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"


# What a sequence may begin on. A change of address comes with one of details.
TRIGGERS = [event for event in Event if event is not Event.ADDRESS_CHANGED]


class ActivityKind(TextChoices):
    REQUEST = "request", "Request"
    REQUEST_CHANGED = "request_changed", "Request sent again with changes"
    CALL = "call", "Call"
    NOTE = "note", "Note"
    STAGE = "stage", "Stage"
    TREATMENT_ADDED = "treatment_added", "Treatment added"
    TREATMENT_CORRECTED = "treatment_corrected", "Treatment corrected"
    TREATMENT_DISPUTED = "treatment_disputed", "The patient says otherwise"
    SAFETY_HOLD = "safety_hold", "Safety hold"
    DETAILS = "details", "Contact details changed"
    ANSWERS = "answers", "Questions answered"
    OUTCOME = "outcome", "Assessment"
    MEASURED = "measured", "Score recorded"
    MESSAGE = "message", "Message"
    DOCUMENT = "document", "Document"
    IMAGING = "imaging", "Imaging"
    INSURANCE = "insurance", "Insurance"
    REFERRAL = "referral", "Referral"
    APPOINTMENT = "appointment", "Appointment"


class CallOutcome(TextChoices):
    REACHED = "reached", "Reached"
    LEFT_VOICEMAIL = "left_voicemail", "Left voicemail"
    NO_ANSWER = "no_answer", "No answer"
    BUSY = "busy", "Busy"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    ASKED_NOT_TO_CALL = "asked_not_to_call", "Asked not to be called"


class CameBy(TextChoices):
    """Name the ways by which a request reaches the center."""

    WEB = "web", "Web"
    PHONE = "phone", "Telephone"
    VOICEMAIL = "voicemail", "Voicemail"
    WALK_IN = "walk_in", "Walk-in"
    FAX = "fax", "Fax"


class Decision(TextChoices):
    """What a clinician says after looking at a request."""

    SUITABLE = "suitable", "Suitable for a consultation"
    MORE_TESTS = "more_tests", "More tests first"
    CONTINUE_CARE = "continue_care", "Continue conservative care"
    REFER_ELSEWHERE = "refer_elsewhere", "Refer elsewhere"


class ConsultResult(TextChoices):
    """What came of a consultation."""

    PROCEDURE = "procedure", "A procedure was recommended"
    CONSERVATIVE = "conservative", "Conservative care goes on"
    MORE_TESTS = "more_tests", "More tests first"
    REFERRED = "referred", "Referred elsewhere"


class SurgeryDecision(TextChoices):
    """What the patient decided about a recommended procedure."""

    OPEN = "open", "Not decided yet"
    WANTS = "wants", "Wants it"
    DECLINED = "declined", "Does not want it"


class TaskKind(TextChoices):
    CALL = "call", "Call"
    URGENT_CALL = "urgent_call", "Urgent call"
    REVIEW = "review", "Clinical review"
    MAIL_PROBLEM = "mail_problem", "Mail not delivered"
    ANSWER = "answer", "Message to answer"
    PRIVACY = "privacy", "Privacy request"
    VERIFY = "verify", "Insurance to verify"
    REFERRER = "referrer", "Referrer to tell"
    NEXT_STEP = "next_step", "Next step"
    RETURNED = "returned", "Came back without an owner"
    REBOOK = "rebook", "Another time to find"
    ESTIMATE = "estimate", "Good-faith estimate"
    OTHER = "other", "Other"


class ConsentKind(TextChoices):
    PRIVACY = "privacy", "Privacy notice acknowledged"
    CONTACT = "contact", "Contact about the request"
    EDUCATION = "education", "Educational e-mail"


class ReferralStep(TextChoices):
    """What a practice that sent a patient is told."""

    ARRIVAL = "arrival", "the request has arrived"
    OUTCOME = "outcome", "what came of it"


class LinkPurpose(TextChoices):
    PRIVATE_PAGE = "private_page", "Private page"


class ProofWay(TextChoices):
    """How somebody shows on the private page who they are."""

    BIRTHDAY = "birthday", "Date of birth"
    CODE = "code", "Code"


class AccessAction(TextChoices):
    VIEW = "view", "Viewed"
    LIST = "list", "Listed"
    SEARCH = "search", "Searched"
    EDIT = "edit", "Edited"
    DOWNLOAD = "download", "Downloaded"
    LOGIN = "login", "Signed in"
    LOGIN_FAILED = "login_failed", "Sign-in failed"
