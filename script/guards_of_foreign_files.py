"""Guards of what is read from strangers: uploads and calendars, and the child in which that happens."""

from script.guard import Guard

_HOSTILE = "crm/test_hostile_files.py::test_hostile_files_are_refused"
_ENDED = "crm/test_limited.py::test_a_child_that_takes_too_much_is_ended"

FOREIGN_GUARDS = [
    Guard(
        "foreign bytes get no more memory",
        "crm/limited_child.py",
        "    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))\n",
        "",
        _ENDED,
    ),
    Guard(
        "foreign bytes get no more of the processor",
        "crm/limited_child.py",
        "    resource.setrlimit(resource.RLIMIT_CPU, (until, until + 1))\n",
        "",
        _ENDED,
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
        "limited.run(judging.tell, document.name, limits=limits, file=file, size=document.size)",
        "judging.tell(document.name, file)",
        "crm/test_documents.py::test_what_cannot_be_judged_within_its_limits_is_refused",
    ),
    Guard(
        "a deflated image is no bomb",
        "crm/dicom.py",
        "        if is_bomb(unpacked, packed):\n            return Unfit.UNPACKED, file\n",
        "",
        _HOSTILE,
    ),
    Guard(
        "many small members are no bomb",
        "crm/zip_checks.py",
        "if bombs or together else None",
        "if bombs else None",
        _HOSTILE,
    ),
    Guard(
        "members of a zip share no bytes",
        "crm/zip_checks.py",
        "one.header_offset + _LOCAL + one.compress_size > following.header_offset",
        "one.header_offset > following.header_offset",
        _HOSTILE,
    ),
    Guard(
        "a member is as long as it says",
        "crm/zip_checks.py",
        "    longer.file_size += 1\n",
        "",
        _HOSTILE,
    ),
    Guard(
        "names in a zip do not lead out",
        "crm/zip_checks.py",
        "            return Unfit.ZIP_PATHS\n",
        "            pass\n",
        _HOSTILE,
    ),
    Guard(
        "a zip holds no links",
        "crm/zip_checks.py",
        "not in {0, stat.S_IFREG, stat.S_IFDIR}",
        "in set()",
        _HOSTILE,
    ),
    Guard(
        "a zip holds nothing that is run, whatever it begins with",
        "crm/zip_checks.py",
        " or _RUN.search(one.filename)",
        "",
        _HOSTILE,
    ),
    Guard(
        "a PDF starts no program",
        "crm/pdf_checks.py",
        "        if _starts_a_program(block):\n",
        "        if not block:\n",
        _HOSTILE,
    ),
    Guard(
        "a PDF starts no program from packed objects",
        "crm/pdf_checks.py",
        "            if _starts_a_program(objects):\n",
        "            if not objects:\n",
        _HOSTILE,
    ),
    Guard(
        "packed objects of a PDF are no bomb",
        "crm/pdf_checks.py",
        "            left -= len(objects)\n",
        "",
        _HOSTILE,
    ),
    Guard(
        "a paper is no page",
        "crm/paper_checks.py",
        " or page_checks.holds_a_page(file)",
        "",
        _HOSTILE,
    ),
    Guard(
        "a JPEG says no second, huge size",
        "crm/picture_checks.py",
        "            found = True\n    return None if found",
        "            return None\n    return None if found",
        _HOSTILE,
    ),
    Guard(
        "no good photo is refused by chance",
        "crm/paper_checks.py",
        "            if file.read(4) == _LISTED:\n                return True\n",
        "            return True\n",
        "crm/test_hostile_files.py::test_four_bytes_at_the_end_make_no_zip",
    ),
]
