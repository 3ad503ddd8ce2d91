"""The guards of addresses: what is returned, stopped, given anew, and spelled in two ways."""

from script.guard import Guard

ADDRESS_GUARDS = [
    Guard(
        "nobody is asked for another address when there is one already",
        "crm/outbox/returned_addresses.py",
        "if lead and is_in_use and (",
        "if lead and (",
        "crm/outbox/test_given_up.py::test_nobody_asks_for_another_address_when_there_is_one_already",
    ),
    Guard(
        "a follow-up whose address is taken out becomes a call",
        "crm/followups/address_change.py",
        "        withdrawn_steps.open_again(list(of_steps))\n",
        "",
        "crm/followups/test_addresses.py::test_a_follow_up_that_waits_becomes_a_call_when_the_address_is_taken_out",
    ),
    Guard(
        "what a person stopped holds at their next address",
        "crm/followups/address_change.py",
        "        opt_out.follow(lead, before=before, now=now)\n",
        "",
        "crm/outbox/test_preferences.py::test_what_a_person_stopped_holds_at_their_next_address_where_it_was_theirs",
    ),
    Guard(
        "what a person stopped holds over a time without an address",
        "crm/mail/opt_out.py",
        "    at = suppression.hash_of(lead.email)\n",
        "    at = suppression.hash_of(lead.email or before)\n",
        "crm/outbox/test_preferences.py::test_what_a_person_stopped_holds_over_a_time_without_an_address",
    ),
    Guard(
        "who stops mail while they have no address is stopped at the next one",
        "crm/outbox/preference_views.py",
        "    if lead and not lead.email and opt_out.was_theirs(",
        "    if False and opt_out.was_theirs(",
        "crm/outbox/test_preferences.py::test_what_a_person_stops_while_they_have_no_address_holds_at_the_next_one",
    ),
    Guard(
        "who read an address that was never theirs stops nobody's mail",
        "crm/mail/opt_out.py",
        "if before and scopes and not any(was_theirs(lead, one) for one in known):",
        "if False:",
        "crm/outbox/test_preferences.py::test_what_a_person_stopped_holds_at_their_next_address_where_it_was_theirs",
    ),
    Guard(
        "a reply lifts no wish",
        "crm/outbox/returned_addresses.py",
        "address_hash__in=hashes, because=SuppressedBecause.BOUNCE, lifted_at=None",
        "address_hash__in=hashes, lifted_at=None",
        "crm/outbox/test_given_up.py::test_a_reply_lifts_nothing_that_was_wished",
    ),
    Guard(
        "an address that is given anew gets mail again",
        "crm/followups/address_change.py",
        "    if lead.email:\n        returned_addresses.replaced(",
        "    if False:\n        returned_addresses.replaced(",
        "crm/outbox/test_given_up.py::test_an_address_that_is_given_anew_gets_mail_again",
    ),
    Guard(
        "returned mail comes to the mailbox that is read",
        "crm/outbox/delivery.py",
        "relay.offer(sender=mime.in_ascii(returns_to),",
        "relay.offer(sender=message.sender_email,",
        "crm/inbound/test_from_the_mailbox.py::test_what_is_returned_comes_to_the_mailbox_that_is_read",
    ),
    Guard(
        "what came back again stops for another month",
        "crm/mail/opt_out.py",
        "if before and because == SuppressedBecause.BOUNCE:",
        "if False:",
        "crm/outbox/test_given_up.py::test_answers_are_tried_again_after_a_month",
    ),
    Guard(
        "nobody asks for another address when nothing is ahead",
        "crm/outbox/returned_addresses.py",
        "    if lead and is_in_use and (lead.stage not in CLOSED_STAGES or",
        "    if lead and is_in_use and (lead or",
        "crm/inbound/test_inbound.py::test_nobody_asks_for_another_address_when_nothing_is_ahead",
    ),
    Guard(
        "a stop counts for both spellings of an address",
        "crm/mail/suppression.py",
        "mailbox_key(address), secret=key",
        "address.strip().lower(), secret=key",
        "crm/mail/test_one_spelling.py::test_a_stop_counts_for_both_spellings",
    ),
    Guard(
        "a person is known by both spellings of an address",
        "crm/models/lead.py",
        "for one in spellings(email))",
        "for one in [email])",
        "crm/mail/test_one_spelling.py::test_a_person_is_known_by_both_spellings",
    ),
]
