"""A real IMAP server (Dovecot) with one mailbox, on a free loopback port, in a temporary directory."""

import getpass
import grp
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from script import embedded
from script.system import Missing

CONFIG = """
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {internal_group}
mail_location = maildir:{home}/mail
first_valid_uid = 0
passdb {{
  driver = static
  args = password=word
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass
class ImapServer:
    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"imap://reader:word@127.0.0.1:{self.port}/INBOX"

    def deliver(self, raw: bytes) -> None:
        """Puts a mail into the mailbox, as a mail transfer agent does."""
        name = f"{time.time_ns()}.test"
        (self.home / "mail" / "tmp" / name).write_bytes(raw)
        if os.geteuid() == 0:
            shutil.chown(self.home / "mail" / "tmp" / name, "dovecot", "dovecot")
        (self.home / "mail" / "tmp" / name).rename(self.home / "mail" / "new" / name)


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    """Running until the end of the block."""
    program = shutil.which("dovecot")
    if program is None:
        raise Missing("Dovecot is missing: script/test installs it or says how.")
    with TemporaryDirectory(prefix="nucleus-imap-") as directory:
        home, port = Path(directory), embedded.free_port()
        for folder in ("run", "mail/new", "mail/cur", "mail/tmp"):
            (home / folder).mkdir(parents=True)
        config = home / "dovecot.conf"
        config.write_text(CONFIG.format(home=home, port=port, **_people(home)))
        running = subprocess.Popen([program, "-F", "-c", str(config)])
        try:
            _wait(running, port, home)
            yield ImapServer(port, home)
        finally:
            running.terminate()
            running.wait(10)


def _people(home: Path) -> dict[str, str]:
    """Whom its processes run as: Dovecot takes no mail as root, so there it uses the accounts of its package."""
    if os.geteuid() != 0:
        user, group = getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
        return {"user": user, "group": group, "login": user, "internal": user, "internal_group": group}
    for path in (home, *home.rglob("*")):
        shutil.chown(path, "dovecot", "dovecot")
    home.chmod(0o755)
    of_package = {"login": "dovenull", "internal": "dovecot", "internal_group": "dovecot"}
    return {"user": "dovecot", "group": "dovecot", **of_package}


def _wait(running: "subprocess.Popen[bytes]", port: int, home: Path) -> None:
    until = time.monotonic() + 15
    while not embedded.is_taken(port):
        if running.poll() is not None or time.monotonic() > until:
            log = home / "log"
            raise RuntimeError(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")
        time.sleep(0.05)
