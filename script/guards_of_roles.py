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
    Guard(
        "nobody sets the password of somebody who may do more",
        "crm/admin/people.py",
        "        if not accounts.may_take_over(by, user):\n            raise PermissionDenied",
        "        if False:\n            raise PermissionDenied",
        "crm/test_accounts.py::test_nobody_sets_the_password_of_somebody_who_may_do_more",
    ),
    Guard(
        "switched off is not without rights",
        "crm/actions/accounts.py",
        "Permission.objects.filter(group__user=user)",
        "Permission.objects.filter(group__user=user, group__user__is_active=True)",
        "crm/test_accounts.py::test_nor_of_one_who_is_switched_off_for_a_moment",
    ),
    Guard(
        "nobody moves the address of somebody who may do more",
        "crm/admin/people.py",
        '            fixed.append("email")',
        "            pass",
        "crm/test_accounts.py::test_nobody_changes_the_address_of_somebody_who_may_do_more",
    ),
    Guard(
        "nobody widens their own rights",
        "crm/admin/people.py",
        'fixed += ["is_active", "is_staff", "groups", "locations"]',
        'fixed += ["is_active", "is_staff"]',
        "crm/test_accounts.py::test_nobody_widens_their_own_rights",
    ),
    Guard(
        "more rights than the giver has end a password that the giver may know",
        "crm/admin/people.py",
        "        if was_in_reach and not accounts.may_take_over(by, form.instance):",
        "        if False:",
        "crm/test_accounts.py::test_whoever_is_given_more_rights_than_the_giver_has_sets_a_password_of_their_own",
    ),
    Guard(
        "no page shows what is kept of a password",
        "crm/admin/people.py",
        '{"fields": ["name", "email", "password_link"]}',
        '{"fields": ["name", "email", "password_link", "password"]}',
        "crm/test_accounts.py::test_no_page_shows_anything_of_a_password",
    ),
    Guard(
        "one pair of hands is not two people",
        "crm/actions/accounts.py",
        "return not _hands(first, now) & _hands(second, now)",
        "return first.pk != second.pk",
        "crm/test_accounts.py::test_the_second_person_is_another_human",
    ),
    Guard(
        "no stored mail opens an account",
        "crm/passwords.py",
        "patient_access.PLACEHOLDERS[LINK_MARK] = link_of",
        "pass",
        "crm/test_accounts.py::test_a_link_goes_to_the_persons_own_address_and_works_once",
    ),
]
