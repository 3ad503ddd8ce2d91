"""The whole map."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views import defaults

from crm import health, hooks, logo, metrics, preferences

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("u/<str:token>/", preferences.preferences, name="preferences"),
    path("hooks/mail/<slug:provider>/", hooks.events, name="mail_events"),
    path("hooks/mail/<slug:provider>/inbound/", hooks.arrived, name="mail_arrived"),
    path("feeds/", include("scheduling.feeds")),
    path("logo/<uuid:location_id>/", logo.logo, name="logo"),
    # English has no prefix; Spanish pages lie below /es/, so that an address says its language and no cookie has to.
    *i18n_patterns(
        path("my/documents/", include("crm.my_documents")),
        path("my/appointments/", include("scheduling.urls")),
        path("my/", include("crm.private")),
        path("my/", include("crm.my")),
        path("", include("intake.urls")),
        prefix_default_language=False,
    ),
]

# As Django makes them, but without a look into the body for a token, which these pages have no use for: a body that
# nobody can read would turn "not found", or "not yours", into a server error.
handler400 = defaults.bad_request.__wrapped__  # type: ignore[attr-defined]  # what its decorator went around
handler403 = defaults.permission_denied.__wrapped__  # type: ignore[attr-defined]
handler404 = defaults.page_not_found.__wrapped__  # type: ignore[attr-defined]
handler500 = defaults.server_error.__wrapped__  # type: ignore[attr-defined]
