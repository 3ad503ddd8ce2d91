"""Words of a mail that are filled in when it is sent and stand in no row: links and codes. Whoever knows one enters it
here when its app is ready."""

from collections.abc import Callable
from datetime import datetime

from crm.models import Message

# {"{name}": function that returns what stands in its place in a message at an instant}.
PLACEHOLDERS: dict[str, Callable[[Message, datetime], str]] = {}
