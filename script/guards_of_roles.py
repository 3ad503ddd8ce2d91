"""The guards of roles: what one role may not do, and what nobody may do alone."""

from script.guard import Guard

ROLE_GUARDS = [
    Guard(
        "a page that opens answers needs every one of its permissions",
        "crm/admin/lead_page.py",
        "user_of(request).has_perms(permission.split())",
        "user_of(request).has_perm(permission.split()[0])",
        "crm/test_front_desk.py::test_no_door_opens_what_a_person_told",
    ),
    Guard(
        "the front desk opens no private page",
        "crm/admin/lead_private.py",
        'OPENS_IT = "crm.change_lead intake.view_submission crm.view_document"',
        'OPENS_IT = "crm.change_lead"',
        "crm/test_front_desk.py::test_no_door_opens_what_a_person_told",
    ),
    Guard(
        "nobody ends a review but by deciding it",
        "crm/actions/tasks.py",
        "    if TaskKind(task.kind) in DECIDED:\n        raise",
        "    if False:\n        raise",
        "crm/test_ending_tasks.py::test_a_clinician_puts_a_review_off_and_ends_it_by_deciding",
    ),
    Guard(
        "nobody puts off a review but a clinician",
        "crm/actions/tasks.py",
        "    if not may_put_off(task, by):",
        "    if False:",
        "crm/test_ending_tasks.py::test_a_review_is_ended_and_put_off_by_nobody_else",
    ),
    Guard(
        "nobody ends what they cannot do",
        "crm/actions/tasks.py",
        "    if not may_finish(task, by):",
        "    if False:",
        "crm/test_ending_tasks.py::test_nobody_ends_what_they_cannot_read",
    ),
    Guard(
        "a review stays on every clinician's day",
        "crm/actions/assignment.py",
        ".exclude(kind__in=DECIDED)",
        "",
        "crm/test_ending_tasks.py::test_a_new_owner_does_not_take_a_review_off_the_clinicians_day",
    ),
]
