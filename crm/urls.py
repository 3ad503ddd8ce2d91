"""The whole map."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from crm.http import error_pages
from crm.inbound import webhooks
from crm.ops import health, metrics
from crm.outbox import preference_views
from crm.site import logo

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("u/<str:token>/", preference_views.preferences, name="preferences"),
    path("hooks/mail/<slug:provider>/", webhooks.events, name="mail_events"),
    path("hooks/mail/<slug:provider>/inbound/", webhooks.arrived, name="mail_arrived"),
    path("feeds/", include("scheduling.calendars.feeds")),
    path("logo/<uuid:location_id>/", logo.logo, name="logo"),
    # English has no prefix; Spanish pages lie below /es/, so that an address says its language and no cookie has to.
    *i18n_patterns(
        path("my/documents/", include("crm.patient_portal.document_views")),
        path("my/appointments/", include("scheduling.urls")),
        path("my/", include("crm.patient_portal.entry")),
        path("my/", include("crm.patient_portal.account")),
        path("", include("intake.urls")),
        prefix_default_language=False,
    ),
]

handler400, handler403 = error_pages.bad_request, error_pages.not_allowed
handler404, handler500 = error_pages.not_found, error_pages.server_error
