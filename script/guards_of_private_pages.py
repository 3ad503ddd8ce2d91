"""The guards of whose page a form stands on, and of what a browser forgets."""

from script.guard import Guard

WHOSE_PAGE = "crm/test_whose_page.py::"
CLOSING = "crm/test_closing.py::"

WHOSE_PAGE_GUARDS = [
    Guard(
        "a form that names another person stores nothing",
        "crm/private.py",
        "        if whose_page.is_of(request.patient, named):\n",
        "        if True:\n",
        f"{WHOSE_PAGE}test_an_older_tab_writes_nothing_to_the_next_person_of_the_browser",
    ),
    Guard(
        "every page that takes forms asks whose it is",
        "crm/private.py",
        "checked = view if takes_files else of_its_person(view)",
        "checked = view",
        f"{WHOSE_PAGE}test_no_private_address_takes_a_form_that_does_not_name_its_person",
    ),
    Guard(
        "files sent in one go ask whose page it was",
        "crm/my_documents.py",
        "@uploading.takes_files(CappedUpload)\n@of_its_person\n",
        "@uploading.takes_files(CappedUpload)\n",
        f"{WHOSE_PAGE}test_no_private_address_takes_a_form_that_does_not_name_its_person",
    ),
    Guard(
        "nobody makes up whose page it was",
        "crm/whose_page.py",
        "UUID(_SIGNER.unsign(token))",
        'UUID(token.partition(":")[0])',
        f"{WHOSE_PAGE}test_no_private_address_takes_a_form_that_does_not_name_its_person",
    ),
    Guard(
        "a code typed for one person is not tried on another",
        "crm/private.py",
        "@of_its_person\ndef _take_proof(",
        "def _take_proof(",
        f"{WHOSE_PAGE}test_a_code_typed_for_one_is_not_tried_on_another",
    ),
    Guard(
        "without proof a page belongs to one request",
        "crm/whose_page.py",
        "    return session.origin is not None and session.origin == named.origin\n",
        "    return session.lead_id == named.lead_id\n",
        f"{WHOSE_PAGE}test_whether_two_requests_are_about_one_person_is_nothing_to_tell",
    ),
    Guard(
        "an older thank-you page begins nothing for the request sent since",
        "intake/my.py",
        "    if views.shown_on(request) != reference:\n",
        "    if False:\n",
        f"{WHOSE_PAGE}test_an_older_thank_you_page_begins_nothing_for_the_request_sent_since",
    ),
    Guard(
        "the text comes back to nobody but who opened both",
        "crm/whose_page.py",
        "not (session.is_on_behalf and named.is_on_behalf and named.by_id == staff.pk)",
        "not session.is_on_behalf",
        f"{WHOSE_PAGE}test_staff_see_nothing_of_a_page_that_was_the_patients_own",
    ),
    Guard(
        "staff see nothing again of whom they may not see",
        "crm/whose_page.py",
        "Lead.objects.visible_to(staff).filter",
        "Lead.objects.filter",
        f"{WHOSE_PAGE}test_staff_see_nothing_of_somebody_out_of_their_sight",
    ),
    Guard(
        "a sign in a page of another person changes no record",
        "intake/safety_net.py",
        "    if session and whose_page.is_of(session, named):\n",
        "    if session:\n",
        f"{WHOSE_PAGE}test_a_sign_in_a_page_of_another_person_calls_for_the_one_whom_it_names",
    ),
    Guard(
        "somebody is called for whom the page names",
        "intake/safety_net.py",
        "about = named or session\n",
        "about = session or named\n",
        f"{WHOSE_PAGE}test_a_sign_in_a_page_of_another_person_calls_for_the_one_whom_it_names",
    ),
    Guard(
        "among too many fields it is found whose page it was",
        "crm/raw_body.py",
        '        return fields_in(request).get(name, [""])[-1]\n',
        '        return ""\n',
        f"{WHOSE_PAGE}test_a_sign_among_two_thousand_fields_calls_for_whom_the_page_names",
    ),
    # What a browser forgets, and says
    Guard(
        "closing forgets every cookie that leads back",
        "crm/private.py",
        "    cookies.forget_who_was_here(response)\n",
        "    response.delete_cookie(COOKIE)\n",
        f"{CLOSING}test_nobody_comes_back_by_the_thank_you_page",
    ),
    Guard(
        "the request just sent is forgotten too",
        "intake/views.py",
        'REFERENCE_COOKIE = cookies.leading_back("request_reference")',
        'REFERENCE_COOKIE = cookies.named("request_reference")',
        f"{CLOSING}test_closing_forgets_every_cookie_that_leads_back",
    ),
    Guard(
        "closing takes along what was still to be said",
        "crm/private.py",
        "    list(messages.get_messages(request))  # nor what was still to be said\n",
        "",
        f"{CLOSING}test_closing_forgets_every_cookie_that_leads_back",
    ),
    Guard(
        "what was stored is said to nobody else",
        "crm/page_messages.py",
        "return tags == session if session else not tags.startswith(_PRIVATE)",
        "return True",
        f"{CLOSING}test_nothing_is_said_to_the_next_person_of_the_browser",
    ),
    Guard(
        "what was closed on purpose shows nothing that was typed",
        "crm/private.py",
        "    if session is None or session.ended_at or session.handed_over:\n",
        "    if session is None or session.handed_over:\n",
        f"{CLOSING}test_nothing_typed_is_shown_when_the_page_was_closed_on_purpose",
    ),
    Guard(
        "nothing that was typed is shown once staff have signed out",
        "crm/private.py",
        "    if session.is_on_behalf and not _is_signed_in(request, session):\n        return None\n",
        "",
        f"{CLOSING}test_nothing_typed_is_shown_on_a_tablet_or_after_signing_out",
    ),
    Guard(
        "a link alone stores nothing that was typed",
        "crm/private.py",
        "if not session.is_proven and (reads or not session.may_write):",
        "if not session.is_proven and not session.may_be_proven and (reads or not session.may_write):",
        f"{CLOSING}test_what_was_typed_for_too_long_is_stored_after_proving_oneself_again",
    ),
    Guard(
        "staff see whose page they fill in",
        "templates/private/base.html",
        "{% if request.patient.is_on_behalf %}",
        "{% if False %}",
        f"{CLOSING}test_staff_see_on_each_page_whose_it_is",
    ),
    Guard(
        "a date that is refused tells nobody the date of birth",
        "intake/my.py",
        "born=session.lead.born if session.sees_record else None",
        "born=session.lead.born",
        "crm/test_states_and_dates.py::test_no_answer_tells_of_a_day_before_the_birth",
    ),
    Guard(
        "no answer tells of a day before the birth",
        "intake/forms.py",
        "                field.born = born\n",
        "                field.born = None\n",
        "crm/test_states_and_dates.py::test_no_answer_tells_of_a_day_before_the_birth",
    ),
]
