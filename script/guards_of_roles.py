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
]
