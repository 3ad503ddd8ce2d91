"""The guards of what insurers ask for, of the papers for them, and of those who refer."""

from script.guard import Guard

INSURANCE_GUARDS = [
    Guard(
        "what is not known counts for nobody",
        "intake/care.py",
        "return all(answer or (hopeful and answer is None) for answer in said)",
        "return all(answer is not False for answer in said)",
        "intake/test_coverage.py::test_a_criterion_at_its_bounds",
    ),
    Guard(
        "days side by side count once",
        "intake/care.py",
        "return longest_run(periods) if in_a_row else distinct_days(periods)\n\n\ndef hopeful_days",
        "return longest_run(periods) if in_a_row else sum(one.days for one in periods)\n\n\ndef hopeful_days",
        "intake/test_coverage_oracle.py::test_the_wake_up_date_equals_a_search_day_by_day",
    ),
    Guard(
        "a window of months is not a day too long",
        "intake/care.py",
        "Period(months_before(on, self.months) + timedelta(days=1), on)",
        "Period(months_before(on, self.months), on)",
        "intake/test_coverage.py::test_a_window_of_months_ends_today_and_begins_on_the_day_after",
    ),
    Guard(
        "the day of waking up skips no day on which it is reached",
        "intake/coverage.py",
        "day += timedelta(days=short)",
        "day += timedelta(days=short + 1)",
        "intake/test_coverage_oracle.py::test_the_wake_up_date_equals_a_search_day_by_day",
    ),
    Guard(
        "an unknown is no gap",
        "intake/coverage.py",
        "return bool(self.in_state(State.NOT_MET))",
        "return bool(self.in_state(State.NOT_MET) or self.in_state(State.UNKNOWN))",
        "intake/test_insurance.py::test_the_named_insurer_suggests_its_list",
    ),
    Guard(
        "what most insurers ask for is no gap of an insurer",
        "intake/gaps.py",
        "if self.is_known and self.checklist.has_gap",
        "if True or self.checklist.has_gap",
        "intake/test_insurance.py::test_without_an_insurer_the_common_list_is_shown_and_raises_no_flag",
    ),
    Guard(
        "a page of proof is about this patient",
        "intake/insurance.py",
        "    if document.lead_id != lead.pk:",
        "    if False:",
        "intake/test_insurance.py::test_no_page_of_somebody_elses_document_is_noted",
    ),
    Guard(
        "a page of proof is taken out by whose it is",
        "intake/insurance.py",
        "filter(pk=page_id, lead=lead)",
        "filter(pk=page_id)",
        "intake/test_insurance.py::test_nobody_takes_out_the_page_of_somebody_else",
    ),
    Guard(
        "a plan belongs to the location of the lead",
        "intake/insurance.py",
        "    if plan and plan.location_id != lead.location_id:",
        "    if False:",
        "intake/test_insurance.py::test_a_plan_of_another_location_is_refused",
    ),
    Guard(
        "the picture of treatments wants the second factor",
        "intake/ledger_views.py",
        "@patient_page(reads=True)",
        "@patient_page(reads=False)",
        "intake/test_ledger.py::test_until_it_is_proven_who_reads_it_shows_nothing",
    ),
    Guard(
        "a paper fetches nothing",
        "crm/printing.py",
        "allowed_protocols=[]",
        'allowed_protocols=["file", "http"]',
        "intake/test_ledger.py::test_a_paper_fetches_nothing_from_anywhere",
    ),
    Guard(
        "the last digit of an NPI checks the others",
        "crm/npi.py",
        "_luhn(PREFIX + text) % 10 == 0",
        "_luhn(PREFIX + text) >= 0",
        "crm/test_referrals.py::test_the_check_digit_finds_every_slip_of_one_digit",
    ),
    Guard(
        "who sent the patient hears what came of it",
        "crm/actions/leads.py",
        "    referrals.on_move(locked, to, now=now)\n",
        "",
        "crm/test_referrals.py::test_the_loop_is_to_be_closed_once_there_is_something_to_tell",
    ),
    Guard(
        "a patient who minds is heeded",
        "crm/actions/referrals.py",
        "    if not referral.may_tell:\n        return\n",
        "",
        "crm/test_referrals.py::test_who_minds_is_heeded",
    ),
]
