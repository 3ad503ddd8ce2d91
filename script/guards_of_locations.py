"""The guards of locations: whoever works for some of them sees and changes nothing of another one."""

from script.guard import Guard

LOCATION_GUARDS = [
    Guard(
        "every list shows one's own locations",
        "crm/admin/scoped.py",
        "return super().get_queryset(request).filter(self.sighted(cast(User, request.user)))",
        "return super().get_queryset(request)",
        "crm/test_locations.py::test_what_is_of_another_location_is_not_found",
    ),
    Guard(
        "a list that says no location does not start",
        "crm/admin/scoped.py",
        '    if not hasattr(page, "location_path"):',
        "    if False:",
        "crm/test_locations.py::test_a_list_that_says_nothing_does_not_start",
    ),
    Guard(
        "mail of nobody known is for whoever works everywhere",
        "crm/models/lead.py",
        '    return seen | models.Q(**{f"{nowhere}__isnull": True}) & ~models.Q(models.Exists(others))',
        '    return seen | models.Q(**{f"{nowhere}__isnull": True})',
        "crm/test_locations.py::test_mail_of_nobody_known_is_seen_by_whoever_works_for_all",
    ),
    Guard(
        "nobody settles another location's mail",
        "crm/admin/outbox.py",
        "message = get_object_or_404(self.get_queryset(request), pk=pk)",
        "message = get_object_or_404(Message, pk=pk)",
        "crm/test_locations.py::test_nobody_decides_about_another_location",
    ),
    Guard(
        "nobody answers another location's question",
        "intake/admin.py",
        "question = get_object_or_404(self.get_queryset(request), pk=pk)",
        "question = get_object_or_404(Question, pk=pk)",
        "crm/test_locations.py::test_nobody_decides_about_another_location",
    ),
    Guard(
        "nobody discards another location's request",
        "intake/admin.py",
        "held = get_object_or_404(self.get_queryset(request), pk=pk)",
        "held = get_object_or_404(QuarantinedRequest, pk=pk)",
        "crm/test_locations.py::test_nobody_decides_about_another_location",
    ),
]
