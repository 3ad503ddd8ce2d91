"""Guards of what stands before Django: bodies, files, addresses, signing in."""

from script.guard import Guard

DOOR_GUARDS = [
    Guard(
        "a body that does not come is ended",
        "crm/taking_in.py",
        "max(left, 0.0))",
        "5.0)",
        "crm/test_door.py::test_the_time_for_a_body_runs_on_between_its_pieces",
    ),
    Guard(
        "a body that becomes too large is refused",
        "crm/taking_in.py",
        "        if self.size > self.most:\n            raise Refused(413)\n        return piece",
        "        return piece",
        "crm/test_door.py::test_a_body_that_becomes_too_large_is_refused",
    ),
    Guard(
        "a length beyond the limit is refused unread",
        "crm/taking_in.py",
        "and int(value) > self.most:",
        "and int(value) < 0:",
        "crm/test_door.py::test_a_declared_length_beyond_the_limit_is_refused_unread",
    ),
    Guard(
        "all bodies together are bounded",
        "crm/door.py",
        "            if self.held > self.limits.held_bytes:",
        "            if self.held < 0:",
        "crm/test_door.py::test_all_bodies_together_are_bounded",
    ),
    Guard(
        "nobody waits behind a hundred others",
        "crm/door.py",
        "        if lane.inside >= lane.threads + self.limits.waiting:",
        "        if lane.inside < 0:",
        "crm/test_door.py::test_when_too_many_wait_for_a_thread_the_next_is_told",
    ),
    Guard(
        "a header with an underscore is no header with a dash",
        "crm/door.py",
        """ if b"_" not in pair[0]]""",
        "]",
        "crm/test_door.py::test_header_with_an_underscore_is_not_taken_for_the_one_with_a_dash",
    ),
    Guard(
        "a reader who takes nothing loses the thread",
        "crm/handing_out.py",
        "            sent.result(self.seconds)",
        "            assert sent",
        "crm/test_door.py::test_a_reader_who_takes_nothing_loses_the_thread",
    ),
    Guard(
        "an answer is closed whatever happens",
        "crm/handing_out.py",
        "            close()",
        "            callable(close)",
        "crm/test_door.py::test_a_large_answer_goes_block_by_block_and_is_closed",
    ),
    Guard(
        "forms without files take none",
        "crm/settings.py",
        '["crm.capped_upload.NoUpload"]',
        '["crm.capped_upload.CappedUpload"]',
        "crm/test_taking_files.py::test_a_form_without_files_takes_none",
    ),
    Guard(
        "a file is read after its sender is known",
        "crm/uploading.py",
        "        return csrf_exempt(taking)",
        "        return taking",
        "crm/test_taking_files.py::test_nothing_of_a_stranger_is_read",
    ),
    Guard(
        "views of files check the token themselves",
        "crm/uploading.py",
        "        guarded = csrf_protect(view)",
        "        guarded = view",
        "crm/test_taking_files.py::test_a_patient_sends_a_file_with_the_token_and_not_without",
    ),
]
