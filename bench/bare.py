"""The yardsticks: the least Django needs to take a form. CSRF, a ModelForm, one INSERT, a redirect; nothing else.

/same/ takes the questions of the request for help, /small/ a name, an address and a number.
"""

import os
import re
from typing import Any

import django
from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from psycopg.conninfo import conninfo_to_dict

from crm.gateway.door import Door
from crm.gateway.lanes import Lane
from intake.questionnaire import STEP_ONE, Question, QuestionKind

INFO = conninfo_to_dict(os.environ["DATABASE_URL"])

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="bench-only",  # noqa: S106 - nothing is kept behind it
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": INFO["dbname"],
            "USER": INFO["user"],
            "PASSWORD": INFO.get("password", ""),
            "HOST": INFO.get("host", ""),
            "PORT": INFO.get("port", ""),
            "OPTIONS": {"pool": {"min_size": 1, "max_size": 8}},
        }
    },
)
django.setup()


QUESTIONS = [question for section in STEP_ONE for question in section.questions]
TICKS = [question for question in QUESTIONS if question.kind in {QuestionKind.MANY, QuestionKind.SAFETY}]


def _column(question: Question) -> "models.Field[Any, Any]":
    if question.kind is QuestionKind.YES:
        return models.BooleanField(default=False)
    if question in TICKS:
        return models.JSONField(default=list, blank=True)
    return models.CharField(max_length=254, blank=not question.required, choices=question.choices or None)


def _ticks(question: Question) -> forms.MultipleChoiceField:
    choices = [*question.choices, (question.exclusive, "None of these")]
    return forms.MultipleChoiceField(choices=choices, required=question.required)


class _Bare:
    app_label = "bare"


class Person(models.Model):
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    email = models.EmailField()
    phone = models.CharField(max_length=20)

    Meta = _Bare


# What a class statement would make of the questionnaire's two dozen questions.
_columns = {question.name: _column(question) for question in QUESTIONS}
Request = type("Request", (models.Model,), {**_columns, "Meta": _Bare, "__module__": __name__})
SmallForm = forms.modelform_factory(Person, fields=["first_name", "last_name", "email", "phone"])
SameForm = type(
    "SameForm",
    (forms.modelform_factory(Request, fields=list(_columns)),),
    {question.name: _ticks(question) for question in TICKS},
)


def take(request: HttpRequest, form_class: Any) -> HttpResponse:
    """Show the token; store what is posted; answer 422 when it is not in order."""
    if request.method != "POST":
        return HttpResponse(f'<input name="csrfmiddlewaretoken" value="{get_token(request)}">')
    form = form_class(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    form.save()
    return HttpResponseRedirect("/thanks/")


def make_tables() -> None:
    """Create the tables. The server's role must be the one that calls this."""
    with connection.schema_editor() as editor:
        editor.create_model(Person)
        editor.create_model(Request)


urlpatterns = [
    path("same/", take, {"form_class": SameForm}),
    path("small/", take, {"form_class": SmallForm}),
]
application = Door(get_wsgi_application(), [Lane("pages", re.compile(""), threads=4, most_bytes=640 * 1024)])
