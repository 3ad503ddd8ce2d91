"""What stands in the address under which the replies of one lead arrive. Pure."""

import re

TOKEN = re.compile(r"\+([a-z2-7]{16})@")
