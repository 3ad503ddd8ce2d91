"""What staff read for the codes of a sequence: what it begins on, its conditions, what a pause does. Pure."""

from crm.enums.leads import Event
from crm.sequences.definition import OnResume

TRIGGERS = {
    Event.TREATMENTS_CHANGED: "The treatments change",
    Event.MEASURED: "A score is recorded",
    Event.DETAILS_CHANGED: "Contact details change",
    Event.IMAGING_CHANGED: "The scans on record change",
    Event.HOLD_CLEARED: "A safety hold is lifted",
    Event.SUBMITTED: "A request comes in",
    Event.ANSWERED: "Questions are answered",
    Event.STAGE_MOVED: "The stage changes",
    Event.CALLED: "A call is logged",
    Event.OUTCOME_CHANGED: "The assessment changes",
    Event.REPLIED: "The patient writes",
    Event.NO_SHOW: "An appointment is missed",
    Event.NO_SHOW_TAKEN_BACK: "A missed appointment is taken back",
    Event.REVIEWED: "A clinician has looked",
    Event.CONSULTED: "A consultation took place",
    Event.BOOKED: "An appointment is booked",
    Event.RESCHEDULED: "An appointment is moved",
    Event.CANCELLED: "An appointment is cancelled",
}
CONDITIONS = {
    "reached": "Reached by telephone",
    "contacted": "Contact was made",
    "replied": "The patient wrote",
    "missed_twice": "Two calls in a row reached nobody",
    "no_calls": "Asked for no calls, or the number is wrong",
    "booked": "An appointment is booked",
    "closed": "The request is closed",
    "was_consulted": "Was at the consultation",
    "decided": "The decision is recorded",
    "improved": "Better without us",
    "is_dormant": "The request is dormant",
    "no_longer_dormant": "No longer silent",
    "waits_for_records": "Waits for records",
    "records_missing": "Records are missing",
    "records_here": "The records are here",
    "past_records": "No longer waits for records",
    "has_enough_info": "Nothing is missing any more",
    "needs_more_info": "Something definite is missing: another sequence asks for it",
    "told_all_they_know": "They have told all they know",
    "continues_treatment": "Goes on with the treatment",
    "consult_likely": "A consultation is reasonable now",
    "out_of_scope": "Not something that is treated here",
    "questions_answered": "The questions are answered",
    "pays_alone": "Pays without insurance",
    "first_no_show": "Did not come for the first time",
    "expected_again": "Has an appointment again",
    "came_after_all": "Came after all",
    "was_not_seen": "Was not seen after all",
}
ON_RESUME = {
    OnResume.SKIP: "leave out what fell due",
    OnResume.SHIFT: "move everything by the length of the pause",
    OnResume.ONCE: "do the last of what fell due",
}


def condition(name: str) -> str:
    """Return a condition in words, as the reason for which a sequence begins or ends; any name has some."""
    return CONDITIONS.get(name, name.replace("_", " "))
