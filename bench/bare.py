"""The yardstick: the least Django needs to take a form. CSRF, a ModelForm, one INSERT, a redirect; nothing else."""

import os

import django
from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from psycopg.conninfo import conninfo_to_dict

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


class Person(models.Model):
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    email = models.EmailField()
    phone = models.CharField(max_length=20)

    class Meta:
        app_label = "bare"
        db_table = "bench_bare_person"


class PersonForm(forms.ModelForm[Person]):
    class Meta:
        model = Person
        fields = ["first_name", "last_name", "email", "phone"]


def form(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(f'<input name="csrfmiddlewaretoken" value="{get_token(request)}">')
    person = PersonForm(request.POST)
    if not person.is_valid():
        return HttpResponse(status=422)
    person.save()
    return HttpResponseRedirect("/thanks/")


def make_table() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Person)


urlpatterns = [path("form/", form)]
application = get_wsgi_application()
