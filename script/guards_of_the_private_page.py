"""The guards of languages, of the private page and of what is said there."""

from script.guard import Guard

PRIVATE_GUARDS = [
    # Languages
    Guard(
        "an unchecked warning never stands alone",
        "crm/safety_text.py",
        "if digest(english, translated) in reviewed(language):",
        "if True:",
        "intake/test_languages.py::test_an_unchecked_warning_is_shown_in_english_with_the_translation_beside_it",
    ),
    Guard(
        "a changed word wants a new check",
        "crm/safety_text.py",
        'sha256(f"{english}\\0{translated}".encode())',
        "sha256(english.encode())",
        "intake/test_languages.py::test_a_changed_word_wants_a_new_check",
    ),
    Guard(
        "what staff read does not depend on the patient's language",
        "intake/my.py",
        "sent = _sent(request, page.key, page.title, form)",
        "sent = _sent(request, page.key, said(page.title), form)",
        "intake/test_languages.py::test_staff_read_the_same_whoever_asked_in_which_language",
    ),
    Guard(
        "a held request keeps its language",
        "intake/quarantine.py",
        "            language=locked.language,\n",
        "",
        "intake/test_guard.py::test_a_held_request_keeps_its_language_and_how_the_visitor_came",
    ),
    # The second factor
    Guard(
        "a date of birth replaces no link",
        "crm/second_factor.py",
        "if not session.may_be_proven or not tries",
        "if not tries",
        "crm/test_just_sent.py::test_the_functions_behind_it_refuse_too",
    ),
    Guard(
        "no code is mailed for a browser that has opened no link",
        "crm/patient_access.py",
        "    if not session.may_be_proven:\n        return False\n",
        "",
        "crm/test_just_sent.py::test_the_functions_behind_it_refuse_too",
    ),
    Guard(
        "whoever has just sent a request is asked for nothing that proves",
        "crm/private.py",
        "    if not session.may_be_proven:\n",
        "    if False:\n",
        "crm/test_just_sent.py::test_it_goes_on_writing",
    ),
    Guard(
        "no code goes to a shared mailbox",
        "crm/patient_access.py",
        " or shares_address(lead):",
        ":",
        "crm/test_second_factor.py::test_in_a_household_no_code_is_mailed",
    ),
    Guard(
        "whoever types an address takes no code from its owner",
        "crm/patient_access.py",
        "Lead.objects.proven().with_address(",
        "Lead.objects.with_address(",
        "crm/test_just_sent.py::test_what_a_stranger_tries_takes_nothing_from_the_patient",
    ),
    Guard(
        "a shared address is found however it is spelled",
        "crm/models/lead.py",
        "self.filter(email__iexact=email) if email",
        "self.filter(email=email) if email",
        "crm/test_second_factor.py::test_in_a_household_no_code_is_mailed",
    ),
    Guard(
        "a date of birth is tried five times a day",
        "crm/tries.py",
        'counts["about"] < A_DAY[way]',
        "True",
        "crm/test_second_factor.py::test_five_tries_a_day_whatever_is_opened_anew",
    ),
    Guard(
        "wrong codes close the way whatever is opened anew",
        "crm/patient_access.py",
        "    tries.note_wrong(session, ProofWay.CODE, address=address, now=now)\n",
        "",
        "crm/test_second_factor.py::test_twenty_wrong_codes_a_day_whatever_is_opened_anew",
    ),
    Guard(
        "one connection tries fifty times a day, about whomever",
        "crm/tries.py",
        'counts["here"] < FROM_ONE_ADDRESS',
        "True",
        "crm/test_second_factor.py::test_fifty_tries_a_day_from_one_connection_about_whomever",
    ),
    Guard(
        "tries at once are counted one by one",
        "crm/tries.py",
        "Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)",
        "Lead.objects.get(pk=lead.pk)",
        "crm/test_second_factor.py::test_many_tries_at_once_count_as_five",
    ),
    Guard(
        "a stranger cannot set what later proves who somebody is",
        "intake/answering.py",
        "if born and _may_say_who_it_is(sent.session):",
        "if born:",
        "crm/test_second_factor.py::test_a_stranger_with_a_known_name_and_address_sets_nothing",
    ),
    Guard(
        "one press, one session",
        "crm/private.py",
        "link=found, secret=secret)",
        "link=found)",
        "crm/test_second_factor.py::test_fifty_presses_of_one_button_begin_one_session",
    ),
    # What is said there
    Guard(
        "messages are for the patient alone",
        "crm/models/private.py",
        "return self.is_proven and self.by_id is None",
        "return True",
        "crm/test_conversation.py::test_only_the_patient_reads_there",
    ),
    Guard(
        "a message that is sent twice is one",
        "crm/actions/conversation.py",
        "if PrivateMessage.objects.filter(pk=message.pk).exists():",
        "if False:",
        "crm/test_conversation.py::test_sent_twice_it_is_one_message",
    ),
    Guard(
        "a copy of one's data is one's own",
        "crm/personal_data.py",
        "filter(**{entry.path: lead.pk})",
        "all()",
        "crm/test_personal_data.py::test_the_copy_holds_nobody_else",
    ),
    Guard(
        "a deletion is asked for once",
        "crm/actions/privacy.py",
        "if Task.objects.open().filter(lead=lead, kind=TaskKind.PRIVACY).exists():",
        "if False:",
        "crm/test_personal_data.py::test_asking_to_delete_opens_one_task_and_deletes_nothing",
    ),
]
