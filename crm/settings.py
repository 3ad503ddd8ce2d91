"""Django's settings. Values that differ between places come from crm/environment.py and nowhere else."""

from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.utils.csp import CSP
from psycopg.conninfo import conninfo_to_dict

from crm.environment import read_environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = read_environment()

# --- Who we are and how we are reached -------------------------------------------------------------------------------
SITE_URL = ENV.site_url
IS_PUBLIC = ENV.is_public
DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.former_keys
ALLOWED_HOSTS = ENV.hosts
ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
SENDING = ENV.sending  # "paused" keeps every message in the outbox
MAIL_SERVER = ENV.mail_server
SECOND_MAIL_SERVER = ENV.second_mail_server  # None: there is none
DOMAIN_PER_MINUTE = ENV.domain_per_minute  # 0: no limit of ours
METRICS_TOKEN = ENV.metrics_token
IMAP_URL = ENV.imap_url  # "": nobody reads replies here
MAIL_MAX_BYTES = ENV.mail_max_mb * 1024 * 1024  # of a mail that comes in; larger ones are set aside
FIELD_KEYS = ENV.keys
TRUSTED_PROXIES = ENV.trusted_proxies
REQUESTS_AN_HOUR = ENV.hourly_limit  # from one connection, before a person looks at them first
HASTE_IS_SUSPICIOUS = ENV.is_public  # in a local place programs fill in forms all day
ALERT_WEBHOOK_URL = ENV.alert_webhook_url  # "": the mails are the only path
ALERT_WEBHOOK_SECRET = ENV.alert_webhook_secret

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "crm.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django.contrib.postgres",
    "crispy_forms",
    "crispy_bootstrap5",
    "pgtrigger",
    "crm.apps.CrmConfig",
    "intake.apps.IntakeConfig",
    "scheduling.apps.SchedulingConfig",
]

MIDDLEWARE = [
    "crm.ops.middleware.RequestLog",
    "crm.ops.middleware.NoDevices",
    "crm.ops.middleware.Unlisted",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "intake.portal.safety_net.SafetyNet",
    "crm.ops.middleware.PlainQuery",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "intake.requests.attribution.Attribution",
]

MESSAGE_STORAGE = "crm.http.flash_messages.PageMessages"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "crm.templatetags.safety",
                "crm.templatetags.desk",
                "crm.templatetags.forms",
            ],  # every page for patients needs them
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.site.context_processors.site",
            ],
        },
    }
]


OTHER_THREADS = 17  # of a web process, beside WEB_THREADS (crm/asgi.py)


# --- Data ------------------------------------------------------------------------------------------------------------
def _database(url: str) -> dict[str, Any]:
    """Return Django's database entry for a postgresql:// address; whatever libpq understands in it is passed on."""
    info: dict[str, Any] = conninfo_to_dict(url)
    entry = {name: info.pop(key, "") for name, key in _DJANGO_NAMES.items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {
            **info,
            "connect_timeout": 5,
            "pool": {"min_size": 1, "max_size": ENV.web_threads + OTHER_THREADS + 1, "timeout": 10},
        },
        "CONN_HEALTH_CHECKS": False,  # the pool checks its own connections
        **entry,
    }


_DJANGO_NAMES = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}

DATABASES = {"default": _database(ENV.database_url)}
OWNER_DATABASE = _database(ENV.database_owner_url or ENV.database_url)  # see management/commands/migrate.py
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "crm.User"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Celery: wakes workers up, never the place where something is kept -----------------------------------------------
CELERY_BROKER_URL = ENV.redis_url
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis for as long as it takes
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "retry_on_timeout": False,
    "max_retries": 0,
    "visibility_timeout": 3600,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 90  # < lease (crm/outbox/delivery.py) < visibility timeout
CELERY_TASK_SOFT_TIME_LIMIT = 75
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 4.0
# A queue has workers of its own, so that nothing waits behind what takes longer. A worker takes all three unless told.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"urgent": {}, "mail": {}, "slow": {}}
CELERY_TASK_DEFAULT_QUEUE = "mail"
CELERY_TASK_ROUTES = {
    # Alerts, codes and links: seconds count.
    "crm.send_urgent": "urgent",
    "crm.post_alerts": "urgent",
    "crm.sweep_urgent": "urgent",
    # Other people's servers and large files: minutes at worst, and each of them one run at a time.
    "crm.read_mailbox": "slow",
    "crm.scan_documents": "slow",
    "crm.look_after_documents": "slow",
    "scheduling.read_calendars": "slow",
    "intake.forget_old_counts": "slow",
    "intake.ask_where_time_has_passed": "slow",
}
# No tick expires: that would be judged by the clock of whichever machine takes it. What came late finds nothing to do.
CELERY_BEAT_SCHEDULE = {
    "urgent": {"task": "crm.sweep_urgent", "schedule": 15.0},
    "sweep": {"task": "crm.sweep_messages", "schedule": 15.0},
    "documents": {"task": "crm.look_after_documents", "schedule": 60.0},
    "appointments": {"task": "scheduling.look_after", "schedule": 60.0},
    "calendars": {"task": "scheduling.read_calendars", "schedule": 60.0},
    "mailbox": {"task": "crm.read_mailbox", "schedule": 60.0},
    "time": {"task": "intake.ask_where_time_has_passed", "schedule": 60.0},
    "forget": {"task": "intake.forget_old_counts", "schedule": 6 * 3600.0},
}

# --- People signing in -----------------------------------------------------------------------------------------------
LOGIN_URL = "admin:login"
DESK_IDLE_SECONDS = ENV.desk_idle_minutes * 60
DESK_LONGEST_SECONDS = ENV.desk_longest_hours * 3600
APPOINTMENT_REMINDER_HOURS = ENV.reminder_hours
AUTHENTICATION_BACKENDS = ["crm.accounts.groups.RoleBackend"]
PASSWORD_HASHERS = ["crm.accounts.password_hasher.PacedArgon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# --- In the browser: our own origin and nothing else -----------------------------------------------------------------
_OVER_HTTPS = SITE_URL.startswith("https://")
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = _OVER_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the balancer, inside
SECURE_HSTS_SECONDS = 31_536_000 if _OVER_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _OVER_HTTPS
SECURE_HSTS_PRELOAD = _OVER_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _OVER_HTTPS
CSRF_FAILURE_VIEW = "crm.http.error_pages.not_from_here"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
if _OVER_HTTPS:  # no other host of this domain, and no page without https, can set these
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 100
WEB_THREADS = ENV.web_threads  # for pages; files and the emergency page have their own (crm/asgi.py)
BODY_SECONDS = ENV.body_seconds

# --- Words, time, files ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]  # of the patients; the desk is English
TIME_ZONE = "UTC"
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_ROOT = BASE_DIR / "var" / "media"  # logos; nothing that patients send
DOCUMENTS_DIR = Path(ENV.documents_dir) if ENV.documents_dir else BASE_DIR / "var" / "documents"  # encrypted
DOCUMENT_MAX_BYTES = ENV.document_max_mb * 1024 * 1024
CLAMD_URL = ENV.clamd_url  # "": staff release documents by hand
FILE_UPLOAD_HANDLERS = ["crm.documents.upload_handler.NoUpload"]  # views of files bring their own
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
MAILERS = {"default": {"BACKEND": "crm.mail.backend.Backend"}}  # the outbox (crm/outbox/delivery.py) alone talks SMTP

# --- Logs: one line an event, never a path, a query or a value -------------------------------------------------------
LOGGING_CONFIG = "crm.ops.logs.configure"
LOGGING = {"version": 1}  # Django calls LOGGING_CONFIG only when this is not empty

# --- The desk: django-unfold in the site's colors --------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Nucleus",
    "SITE_HEADER": "Nucleus",
    "SITE_URL": "/",
    "SITE_ICON": lambda _request: static("img/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/favicon.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda _request: static("css/desk.css"), lambda _request: static("css/ledger.css")],
    "COLORS": {
        "base": {
            "50": "#f7f9f8",
            "100": "#eef2f1",
            "200": "#dde4e2",
            "300": "#c3cecb",
            "400": "#93a4a1",
            "500": "#5a6d6b",
            "600": "#445654",
            "700": "#344644",
            "800": "#22322f",
            "900": "#16242a",
            "950": "#0d171b",
        },
        "primary": {
            "50": "#eef8f6",
            "100": "#d6efea",
            "200": "#aedfd6",
            "300": "#7cc9bd",
            "400": "#4fb5a7",
            "500": "#35a899",
            "600": "#0b6b61",
            "700": "#0b5f57",
            "800": "#0a4c46",
            "900": "#0a3f3a",
            "950": "#052623",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "crm.desk.site.navigation",
    },
}
