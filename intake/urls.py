"""The public pages."""

from django.contrib.sitemaps.views import sitemap
from django.urls import path

from intake import asking, embed, ledger_views, my, pages, views, wishes

app_name = "intake"

urlpatterns = [
    path("", pages.home, name="home"),
    path("learn/", pages.learn, name="learn"),
    path("learn/<slug:slug>/", pages.article, name="article"),
    path("robots.txt", pages.robots, name="robots"),
    path("sitemap.xml", sitemap, {"sitemaps": {"reading": pages.ReadingMap}}, name="sitemap"),
    path("candidate/", views.candidate, name="candidate"),
    path("candidate/call-me/", views.call_me, name="call_me"),
    path("candidate/embed/", embed.embed, name="embed"),
    path("ask/", asking.ask, name="ask"),
    path("ask/thanks/", asking.thanks, name="ask_thanks"),
    path("candidate/thanks/", views.thanks, name="thanks"),
    path("candidate/prove/", views.prove, name="prove"),
    path("candidate/go-on/", my.go_on, name="go_on"),
    path("my/questions/<slug:key>/", my.questions, name="my_questions"),
    path("my/wishes/", wishes.wishes, name="my_wishes"),
    path("my/treatments/", my.treatments, name="my_treatments"),
    path("my/treatments/over-time/", ledger_views.over_time, name="my_over_time"),
    path("my/treatments/<uuid:treatment_id>/", my.treatment, name="my_treatment"),
    path("candidate/emergency/", views.emergency, name="emergency"),
]
