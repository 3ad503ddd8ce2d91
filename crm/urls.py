"""The whole map."""

from django.contrib import admin
from django.urls import include, path

from crm import health, logo

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("my/", include("crm.private")),
    path("logo/<uuid:location_id>/", logo.logo, name="logo"),
    path("", include("intake.urls")),
]
