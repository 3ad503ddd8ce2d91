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
    Guard(
        "sending shows one's own locations",
        "crm/admin/sending.py",
        "rows = Message.objects.filter(self._of_theirs(user_of(request)))",
        "rows = Message.objects",
        "crm/test_locations.py::test_sending_shows_no_mail_of_another_location",
    ),
    Guard(
        "the next week shows one's own locations",
        "crm/dry_run.py",
        'theirs = Enrolment.objects.filter(in_sight(user, location="lead__location"))',
        "theirs = Enrolment.objects.all()",
        "crm/test_locations.py::test_nobody_elsewhere_in_the_next_week_or_a_rehearsal",
    ),
    Guard(
        "who shares an address elsewhere is not told",
        "crm/queries.py",
        "others=list(reached.visible_to(user).exclude(pk=lead.pk)[:OTHERS_SHOWN]),",
        "others=list(reached.exclude(pk=lead.pk)[:OTHERS_SHOWN]),",
        "crm/test_locations.py::test_who_uses_the_same_address_elsewhere_is_not_told",
    ),
    Guard(
        "texts are shown for one's own leads",
        "crm/admin/mail_texts.py",
        'Lead.objects.select_related("location").visible_to(by)',
        'Lead.objects.select_related("location")',
        "crm/test_locations.py::test_texts_are_shown_for_nobody_elsewhere",
    ),
    Guard(
        "the bell tells of one's own locations",
        "crm/notices.py",
        "    return Notice.objects.filter(theirs, user=user)",
        "    return Notice.objects.filter(user=user)",
        "crm/test_locations.py::test_the_bell_forgets_whom_one_does_not_work_for_any_more",
    ),
    Guard(
        "what cannot be chosen stays chosen",
        "crm/admin/scoped.py",
        "form.cleaned_data[field.name] = [*form.cleaned_data[field.name], *kept]",
        "pass",
        "crm/test_locations.py::test_what_cannot_be_chosen_stays_chosen",
    ),
]
