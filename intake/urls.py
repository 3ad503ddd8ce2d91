"""The public pages."""

from django.urls import path

from intake import pages, views

app_name = "intake"

urlpatterns = [
    path("", pages.home, name="home"),
    path("learn/", pages.learn, name="learn"),
    path("learn/<slug:slug>/", pages.article, name="article"),
    path("candidate/", views.candidate, name="candidate"),
    path("candidate/thanks/", views.thanks, name="thanks"),
    path("candidate/emergency/", views.emergency, name="emergency"),
]
