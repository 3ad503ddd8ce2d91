"""The settings with which our own checks ask whether a checkout is ready to deploy.

The pages of a checkout wait for the physician of the center that will use them, and its safety texts for a qualified
translator. Its own `check --deploy` names them; ours would fail for ever.
"""

from crm.settings import *  # noqa: F403

SILENCED_SYSTEM_CHECKS = ["intake.W001", "intake.W002"]
