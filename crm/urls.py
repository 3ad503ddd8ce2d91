"""The whole map."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from crm import health, hooks, logo, metrics, preferences, refusals

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

handler400, handler403 = refusals.bad_request, refusals.not_allowed
handler404, handler500 = refusals.not_found, refusals.server_error
