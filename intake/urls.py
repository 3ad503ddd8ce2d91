"""The public pages."""

from django.contrib.sitemaps.views import sitemap
from django.urls import path

from intake.portal import ledger_views, preference_views, questions
from intake.public import embed, pages, question_views, views

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
    path("ask/", question_views.ask, name="ask"),
    path("ask/thanks/", question_views.thanks, name="ask_thanks"),
    path("candidate/thanks/", views.thanks, name="thanks"),
    path("candidate/prove/", views.prove, name="prove"),
    path("candidate/go-on/", questions.go_on, name="go_on"),
    path("my/questions/<slug:key>/", questions.questions, name="my_questions"),
    path("my/wishes/", preference_views.wishes, name="my_wishes"),
    path("my/treatments/", questions.treatments, name="my_treatments"),
    path("my/treatments/over-time/", ledger_views.over_time, name="my_over_time"),
    path("my/treatments/<uuid:treatment_id>/", questions.treatment, name="my_treatment"),
    path("candidate/emergency/", views.emergency, name="emergency"),
]
