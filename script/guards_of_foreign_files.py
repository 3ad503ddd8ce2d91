"""Guards of what is read from strangers: uploads and calendars, and the child in which that happens."""

from script.guard import Guard

_CALENDARS = "scheduling/test_hostile_calendars.py"
_ENDED = "crm/test_limited.py::test_a_child_that_takes_too_much_is_ended"


def _hostile(case: str) -> str:
    return f"crm/test_hostile_files.py::test_hostile_files_are_refused[{case}]"


FOREIGN_GUARDS = [
    Guard(
        "foreign bytes get no more memory",
        "crm/limited_child.py",
        "        _at_most(resource.RLIMIT_AS, memory, memory)\n",
        "        pass\n",
        f"{_ENDED}[takes more memory]",
    ),
    Guard(
        "foreign bytes get no more of the processor",
        "crm/limited_child.py",
        "    _at_most(resource.RLIMIT_CPU, until, until + 1)\n",
        "",
        f"{_ENDED}[computes on]",
    ),
    Guard(
        "foreign bytes get no more time",
        "crm/limited.py",
        "        self.watch.start()\n",
        "        self.watch.cancel()\n",
        "crm/test_documents.py::test_what_cannot_be_judged_within_its_limits_is_refused",
    ),
    Guard(
        "who reads foreign bytes has no keys",
        "crm/limited.py",
        "for name, value in os.environ.items() if name in _KEPT or name.lower() in _PROXIES}",
        "for name, value in os.environ.items()}",
        "crm/test_limited.py::test_it_knows_no_secrets_and_loads_no_server",
    ),
    Guard(
        "a child reads no more than it may",
        "crm/limited.py",
        "if left < 0 or length",
        "if length",
        "crm/test_limited.py::test_bytes_are_counted_as_they_are_read",
    ),
    Guard(
        "an error in a child keeps its words",
        "crm/limited_child.py",
        '"error": type(trouble).__name__,',
        '"error": str(trouble),',
        "crm/test_limited.py::test_an_error_is_told_without_its_words",
    ),
    Guard(
        "documents are judged within limits",
        "crm/actions/documents.py",
        "judging.judge_apart(document.name, cast(BinaryIO, file), document.size)",
        "judging.judge(document.name, cast(BinaryIO, file))",
        "crm/test_documents.py::test_what_cannot_be_judged_within_its_limits_is_refused",
    ),
    Guard(
        "a deflated image is no bomb",
        "crm/dicom.py",
        "        if is_bomb(unpacked, packed):\n            return Unfit.UNPACKED, file\n",
        "",
        _hostile("dicom that inflates to 800 MB"),
    ),
    Guard(
        "nor one that is only guessed to be deflated",
        "crm/dicom.py",
        '        if str(found.file_meta.get("TransferSyntaxUID")) == _DEFLATED.decode():\n',
        "        if not found:\n",
        _hostile("dicom that says so in a way that is guessed"),
    ),
    Guard(
        "many small members are no bomb",
        "crm/zip_checks.py",
        "if bombs or together else None",
        "if bombs else None",
        _hostile("zip of members just under the bounds"),
    ),
    Guard(
        "members of a zip share no bytes",
        "crm/zip_checks.py",
        "one.header_offset + _LOCAL + one.compress_size > following.header_offset",
        "one.header_offset > following.header_offset",
        _hostile("zip that lists a member three times that hardly shrinks"),
    ),
    Guard(
        "a member is as long as it says",
        "crm/zip_checks.py",
        "    longer.file_size += 1\n",
        "",
        _hostile("zip with a sum that covers for that"),
    ),
    Guard(
        "names in a zip do not lead out",
        "crm/zip_checks.py",
        "            return Unfit.ZIP_PATHS\n",
        "            pass\n",
        _hostile("zip with a way up"),
    ),
    Guard(
        "a zip holds no links",
        "crm/zip_checks.py",
        "not in {0, stat.S_IFREG, stat.S_IFDIR}",
        "in set()",
        _hostile("zip with a link"),
    ),
    Guard(
        "a zip holds nothing that is run, whatever it begins with",
        "crm/zip_checks.py",
        " or _RUN.search(one.filename)",
        "",
        _hostile("zip with a program that begins as a PDF"),
    ),
    Guard(
        "a PDF starts no program",
        "crm/pdf_checks.py",
        "            if not _is_of_a_form(file.read(2 * _AROUND), at + place - begin):\n",
        "            if begin < 0:\n",
        _hostile("pdf with a script"),
    ),
    Guard(
        "a PDF starts no program from packed objects",
        "crm/pdf_checks.py",
        "            if not all(_is_of_a_form(objects, place) for place in _programs(objects)):\n",
        "            if not objects:\n",
        _hostile("pdf with a script in packed objects"),
    ),
    Guard(
        "packed objects of a PDF are no bomb",
        "crm/pdf_checks.py",
        "            left -= len(objects)\n",
        "",
        _hostile("pdf whose objects inflate to 600 MB"),
    ),
    Guard(
        "a paper is no page",
        "crm/paper_checks.py",
        " or page_checks.holds_a_page(file)",
        "",
        _hostile("png with a page 5 kB into it"),
    ),
    Guard(
        "a JPEG says no second, huge size",
        "crm/picture_checks.py",
        "            found = True\n    return None if found",
        "            return None\n    return None if found",
        _hostile("jpeg with a second size"),
    ),
    Guard(
        "no good photo is refused by chance",
        "crm/paper_checks.py",
        "            if file.read(4) == _LISTED:\n                return True\n",
        "            return True\n",
        "crm/test_hostile_files.py::test_four_bytes_at_the_end_make_no_zip",
    ),
    Guard(
        "no more of a calendar is read than may be",
        "scheduling/busy_sources.py",
        "        if len(body) > MOST_BYTES:\n",
        "        if len(body) < 0:\n",
        f"{_CALENDARS}::test_no_more_is_read_than_may_be",
    ),
    Guard(
        "nor over CalDAV",
        "scheduling/busy_sources.py",
        "            dav.session.request = _counted(dav.session.request)\n",
        "",
        f"{_CALENDARS}::test_no_more_is_read_than_may_be",
    ),
    Guard(
        "a rule is not followed without end",
        "scheduling/busy_times.py",
        "if step > MOST_STEPS or in_sight > MOST_IN_SIGHT:",
        "if in_sight > MOST_IN_SIGHT:",
        f"{_CALENDARS}::test_steps_are_counted",
    ),
    Guard(
        "nor in the days that are asked for",
        "scheduling/busy_times.py",
        "if step > MOST_STEPS or in_sight > MOST_IN_SIGHT:",
        "if step > MOST_STEPS:",
        f"{_CALENDARS}::test_steps_are_counted",
    ),
    Guard(
        "events are followed with a count",
        "scheduling/busy_times.py",
        "[_Counted(rule) for rule in self.rrules]",
        "list(self.rrules)",
        f"{_CALENDARS}::test_an_endless_rule_is_named_as_such",
    ),
    Guard(
        "a calendar that ends the child is told of",
        "scheduling/busy_apart.py",
        "        raise Unreadable(why) from ended\n",
        "        raise ended\n",
        f"{_CALENDARS}::test_whatever_ends_the_child_is_said",
    ),
]
