"""The guards of the base: stages of a lead, the desk, what is kept and from whom, and pages to read."""

from script.guard import Guard

NOTHING = "migrations.RunSQL(migrations.RunSQL.noop) if True else "

BASE_GUARDS = [
    # Requests
    Guard(
        "the same submission id is one request",
        "intake/requests/rows.py",
        "        form_id=form_id,\n        lead=lead,\n        page=page,",
        "        form_id=uuid.uuid4(),\n        lead=lead,\n        page=page,",
        "intake/requests/test_submit.py::test_submit_the_same_twice_is_one_lead",
    ),
    Guard(
        "a block-A answer leads to the emergency page",
        "intake/requests/submission_flow.py",
        "    if form.is_emergency:",
        "    if False:",
        "crm/outbox/test_secrecy.py::test_addresses_of_pages_say_nothing_of_what_was_typed",
    ),
    Guard(
        "an urgent request gets no routine mail",
        "intake/requests/actions.py",
        "    if asked.urgent:\n        lead.safety_hold",
        "    if False:\n        lead.safety_hold",
        "intake/requests/test_submit.py::test_submit_urgent_holds_everything_routine",
    ),
    # The desk
    Guard(
        "a move is refused when somebody was quicker",
        "crm/leads/actions.py",
        "if expected_stage is not None and current != expected_stage:",
        "if False:",
        "crm/leads/test_leads.py::test_move_after_somebody_else_is_refused_and_says_so",
    ),
    Guard(
        "moves follow the table",
        "crm/leads/actions.py",
        "    if to not in TRANSITIONS[current]:",
        "    if False:",
        "crm/leads/test_leads.py::test_move_follows_the_table",
    ),
    Guard(
        "the database follows the same table",
        "crm/migrations/0001_initial.py",
        "pgtrigger.migrations.AddTrigger(\n            model_name='lead',",
        f"{NOTHING}pgtrigger.migrations.AddTrigger(\n            model_name='lead',",
        "crm/leads/test_leads.py::test_database_follows_the_same_table",
    ),
    Guard(
        "pages of the desk need their permission",
        "crm/admin/lead/page.py",
        "if not user_of(request).has_perms(permission.split()):",
        "if False:",
        "crm/desk/test_lead.py::test_route_is_closed_without_its_permission",
    ),
    # What is kept, and from whom
    Guard(
        "a value is bound to its row and field",
        "crm/fields/encrypted.py",
        'return f"{self.context}:{instance.pk}".encode()',
        'return b""',
        "crm/fields/test_encrypted.py::test_value_copied_to_another_row_does_not_decrypt",
    ),
    Guard(
        "access events are append-only for everybody",
        "crm/migrations/0001_initial.py",
        "pgtrigger.migrations.AddTrigger(\n            model_name='accessevent',",
        f"{NOTHING}pgtrigger.migrations.AddTrigger(\n            model_name='accessevent',",
        "crm/db/test_grants.py::test_even_the_owner_cannot_change_an_access_event",
    ),
    Guard(
        "the application's role has no right to change them",
        "crm/db/grants.py",
        "REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}",
        "REVOKE TRUNCATE ON {} FROM {}",
        "crm/db/test_grants.py::test_application_cannot_change_what_is_append_only",
    ),
    Guard(
        "search terms are kept as keyed hashes",
        "crm/audit/access.py",
        'keyed_hash(term) if term else ""',
        "term[:64]",
        "crm/audit/test_access.py::test_search_term_is_kept_as_a_keyed_hash",
    ),
    Guard(
        "a name begins no header of its own",
        "crm/mail/mime.py",
        "lines = [one_line(line) for line in value.split",
        "lines = [line for line in value.split",
        "crm/mail/test_mime.py::test_line_ends_in_a_value_become_a_blank",
    ),
    Guard(
        "a greeting repeats names only",
        "crm/mail/emails.py",
        'return name if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name[:1] + letters) else ""',
        "return name",
        "crm/outbox/test_secrecy.py::test_mail_says_nothing_of_what_was_typed",
    ),
    Guard(
        "the log names routes, not paths",
        "crm/ops/middleware.py",
        'return f"/{match.route}" if match else "(none)"',
        "return request.get_full_path()",
        "crm/outbox/test_secrecy.py::test_log_says_nothing_of_what_was_typed",
    ),
    Guard(
        "exceptions are logged without their words",
        "crm/ops/logs.py",
        "    frames_only,\n]",
        "    structlog.processors.format_exc_info,\n]",
        "crm/outbox/test_secrecy.py::test_log_says_nothing_of_what_was_typed",
    ),
    Guard(
        "no logger falls through to standard error",
        "crm/ops/logs.py",
        '{"handlers": ["nowhere"], "propagate": False}',
        '{"handlers": [], "propagate": False}',
        "crm/outbox/test_secrecy.py::test_process_prints_nothing_of_what_was_asked_for",
    ),
    Guard(
        "the broker learns ids alone",
        "crm/dispatch.py",
        "urgent = [message.pk for message in",
        "urgent = [message.to_email for message in",
        "crm/outbox/test_secrecy.py::test_broker_learns_ids_and_nothing_else",
    ),
    # The desk
    Guard(
        "every look at a lead is recorded",
        "crm/admin/lead/page.py",
        '        access.record(action, by=user, object_type="lead", ids=[lead_id])',
        "        pass",
        "crm/desk/test_lead.py::test_page_records_one_look",
    ),
    Guard(
        "every list is recorded",
        "crm/admin/base.py",
        "self._record(request, AccessAction.SEARCH if cl.query else AccessAction.LIST, cl.result_list, cl.query)",
        "pass",
        "crm/desk/test_list.py::test_list_records_whose_rows_were_shown",
    ),
    Guard(
        "a look at a form's address changes nothing",
        "crm/admin/lead/page.py",
        'if request.method == "POST":\n        task =',
        "if True:\n        task =",
        "crm/desk/test_lead.py::test_looking_at_a_form_address_changes_nothing",
    ),
    Guard(
        "tasks of other leads are out of reach",
        "crm/admin/lead/page.py",
        "get_object_or_404(Task, pk=task_id, lead_id=lead_id)",
        "get_object_or_404(Task, pk=task_id)",
        "crm/desk/test_lead_actions.py::test_task_of_another_lead_is_not_found",
    ),
    Guard(
        "a lead goes only from the stage that was shown",
        "crm/admin/lead/page.py",
        'expected_stage=Stage(data["expected_stage"]),',
        "",
        "crm/desk/test_lead_actions.py::test_move_that_is_refused_says_why_and_keeps_the_note",
    ),
    Guard(
        "nobody takes over a superuser",
        "crm/admin/users.py",
        "return not out_of_reach and super()",
        "return super()",
        "crm/desk/test_admin_forms.py::test_nobody_takes_over_a_superuser",
    ),
    Guard(
        "the desk's policy lets no foreign script in",
        "crm/desk/site.py",
        '"script-src": [CSP.SELF, CSP.UNSAFE_EVAL]',
        '"script-src": [CSP.SELF, CSP.UNSAFE_EVAL, CSP.UNSAFE_INLINE]',
        "crm/desk/test_list.py::test_desk_is_never_cached_and_allows_no_foreign_script",
    ),
    Guard(
        "contact details cannot move a lead",
        "crm/leads/actions.py",
        "if not set(changes) <= DETAILS:",
        "if False:",
        "crm/leads/test_leads.py::test_details_do_not_open_other_doors",
    ),
    Guard(
        "a correction leaves a colleague's alone",
        "crm/admin/correction_form.py",
        "for name in self.changed_data if not self._is_untouched(name)}",
        "for name in self.cleaned_data}",
        "crm/desk/test_corrections.py::test_treatment_corrected_by_two_keeps_both_corrections",
    ),
    # Pages to read
    Guard(
        "a public site shows no page that a physician has not reviewed",
        "intake/public/articles.py",
        "return {slug: page for slug, page in ready.items() if page.is_ready}",
        "return ready",
        "intake/public/test_pages.py::test_public_site_does_not_show_an_unreviewed_page",
    ),
    Guard(
        "words about a page cannot become a script",
        "intake/public/pages.py",
        ".translate(UNSAFE_IN_SCRIPT)",
        "",
        "intake/public/test_pages.py::test_structured_data_cannot_end_its_element",
    ),
]
