"""The guards of what comes after a request: later pages in a name that nobody has proven, and signs reported late."""

from script.guard import Guard

_STRANGER = "intake/requests/test_stranger.py"
_EQUAL = "intake/requests/test_equal_work.py"
_PENDING = "intake/requests/test_pending.py"
_REPORTS = "intake/requests/test_reports.py"

REPORT_GUARDS = [
    Guard(
        "a sign over the limit is kept",
        "intake/portal/questions.py",
        "        page_submission.keep_emergency(sent, is_loud=",
        "        _are_many(rows, urgent=True) or page_submission.keep_emergency(sent, is_loud=",
        f"{_PENDING}::test_a_sign_over_the_limit_is_kept_and_calls_somebody_without_mails",
    ),
    Guard(
        "a report costs the same whether one waits already",
        "intake/requests/sign_reports.py",
        "    with bulk_insert.kept_if(begun is None):",
        "    if begun is None:",
        f"{_REPORTS}::test_a_report_costs_the_same_whether_one_waits_already",
    ),
    Guard(
        "what waits in somebody's name is in nobody's copy",
        "intake/portal/data_export.py",
        "        only=COUNTS,\n",
        "",
        f"{_STRANGER}::test_what_a_stranger_typed_is_in_nobodys_copy",
    ),
    Guard(
        "what waits in somebody's name is applied by no worker",
        "intake/models/submission.py",
        "Q(submission__unproven=None) | Q(submission__unproven__state=Unproven.TAKEN_OVER)",
        "Q()",
        f"{_STRANGER}::test_whatever_a_stranger_sends_the_record_stays",
    ),
    Guard(
        "a page costs the same whoever it is about",
        "intake/requests/page_submission.py",
        "    if not sent.session.is_proven:\n        waits = request_of(sent)\n        is_kept =",
        "    if request_of(sent):\n        waits = request_of(sent)\n        is_kept =",
        f"{_EQUAL}::test_no_answer_tells_whether_somebody_is_known[nothing]",
    ),
    Guard(
        "a stranger's treatments are kept as the words that they are",
        "intake/requests/told_treatments.py",
        "    return [one for one in _told_in(own, session.lead) if one.status",
        "    return [one for one in Treatment.objects.filter(lead=session.lead) if one.status",
        f"{_EQUAL}::test_no_answer_tells_whether_somebody_is_known[a_patient]",
    ),
    Guard(
        "the id of a page is of one request alone",
        "intake/requests/page_submission.py",
        'digest=rows.digest_of(about | {"answers": pressed}),',
        'digest=rows.digest_of({"answers": pressed}),',
        f"{_PENDING}::test_the_id_of_a_page_is_of_one_request_alone",
    ),
    Guard(
        "what comes after a decision is shown to staff",
        "intake/requests/page_submission.py",
        "    if found is None or found.state == Unproven.WAITING:\n        return found\n",
        "    if True:\n        return found\n",
        f"{_PENDING}::test_a_page_that_comes_after_the_decision_is_shown_to_staff",
    ),
    Guard(
        "many workers apply a page once",
        "intake/requests/pending.py",
        "Lead.objects.select_for_update(no_key=True, skip_locked=True)",
        "Lead.objects.all()",
        f"{_PENDING}::test_many_workers_apply_each_page_once_and_in_order",
    ),
    Guard(
        "one that cannot be applied holds up no other",
        "intake/requests/pending.py",
        "    except Exception as trouble:  # one that",
        "    except LookupError as trouble:  # one that",
        f"{_PENDING}::test_one_that_cannot_be_applied_holds_up_no_other",
    ),
    Guard(
        "pages of one request have a limit",
        "intake/portal/questions.py",
        "    if not valid or _are_many(request):\n",
        "    if not valid:\n",
        f"{_PENDING}::test_pages_of_one_request_have_a_limit_that_loses_nothing",
    ),
    Guard(
        "a sign for review on a later page in somebody's name is reviewed",
        "intake/requests/page_submission.py",
        "        if is_kept and signs.of_answers(sent.answers | sent.telling, lead=sent.lead, now=sent.now):\n",
        "        if False:\n",
        f"{_REPORTS}::test_a_sign_for_review_that_nobody_has_proven_is_a_report_and_nothing_else[a page after it]",
    ),
    Guard(
        "a page whose session is over is a report",
        "intake/portal/safety_net.py",
        "        if _keep_report(request, *opened, match, now=now, is_loud=not is_many):\n",
        "        if False:\n",
        f"{_REPORTS}::test_an_emergency_sign_that_nobody_has_proven_is_a_report_and_nothing_else[closed]",
    ),
    Guard(
        "a sign for review on a page whose session is over reaches a clinician",
        "intake/portal/safety_net.py",
        "if not _is_answered(request, response, match):",
        "if False:",
        f"{_REPORTS}::test_a_sign_for_review_that_nobody_has_proven_is_a_report_and_nothing_else[closed]",
    ),
    Guard(
        "a refused request with a sign for review waits for a person",
        "intake/portal/safety_net.py",
        "            submission_flow.hold_refused(request, DOORS[match.url_name]())\n",
        "            pass\n",
        "intake/portal/test_safety_net.py::test_a_refused_request_with_a_sign_for_review_waits_for_a_person",
    ),
    Guard(
        "a refused request without a sign is not kept",
        "intake/requests/submission_flow.py",
        "if not form.has_contact or not derived_signs.are_told(asked.answers, on=asked.now.date()):",
        "if not form.has_contact:",
        "intake/portal/test_safety_net.py::test_a_refused_request_without_a_sign_or_a_contact_is_not_kept",
    ),
    Guard(
        "a report is no answer before somebody has looked",
        "intake/requests/sign_reports.py",
        "        unproven=waits,\n",
        "",
        f"{_REPORTS}::test_an_emergency_sign_that_nobody_has_proven_is_a_report_and_nothing_else[closed]",
    ),
    Guard(
        "whoever proves who they are lets only their own browser's reports count",
        "intake/requests/sign_reports.py",
        "        here |= Q(submissions=session.origin) | Q(submissions__session__origin=session.origin)\n"
        "    waiting = UnprovenRequest.objects.filter(here, ",
        "        here |= Q(submissions=session.origin) | Q(submissions__session__origin=session.origin)\n"
        "    waiting = UnprovenRequest.objects.filter(",
        f"{_REPORTS}::test_only_what_came_from_her_own_browser_counts_with_her_proof",
    ),
    Guard(
        "what is over the limit is answered with the signs",
        "intake/portal/safety_net.py",
        "        if raw_signs.is_too_much(request):\n",
        "        if False:\n",
        "intake/requests/test_deciding_reports.py::test_an_answer_over_the_limit_says_what_to_do_in_an_emergency",
    ),
]
