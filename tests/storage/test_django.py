"""Rows go through the models of a Django project into its own test connection."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODELS = r"""
import datetime
import uuid

import django
from django.core.validators import (
    MaxValueValidator, MinLengthValidator, MinValueValidator, RegexValidator,
)
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


def check(condition, name):
    # Django calls it condition from 5.1 on
    key = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(**{key: condition, "name": name})


class Person(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, validators=[MinLengthValidator(3)])
    born = models.DateField(null=True, blank=True)
    tier = models.CharField(max_length=1, choices=[("F", "Free"), ("P", "Pro")])
    zip = models.CharField(max_length=5, validators=[RegexValidator(r"^\d{5}$")])
    rating = models.DecimalField(max_digits=3, decimal_places=2,
                                 validators=[MinValueValidator(0), MaxValueValidator(5)])
    prefs = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    slug = models.SlugField(max_length=40)
    wake = models.TimeField()
    took = models.DurationField()
    paper = models.FileField(upload_to="docs/")
    data = models.BinaryField()
    small = models.PositiveSmallIntegerField(validators=[MaxValueValidator(10)])
    big = models.BigIntegerField(null=True)
    ok = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    friends = models.ManyToManyField("self", symmetrical=False, through="Friendship")

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), "zip", name="u_name"),
            check(
                Q(born__isnull=True) | Q(born__gte=datetime.date(1920, 1, 1)),
                name="c_born",
            ),
            check(~Q(slug__startswith="a"), name="c_slug"),
            models.UniqueConstraint(fields=["tier", "small"], condition=Q(ok=True), name="u_ok"),
        ]


class Friendship(models.Model):
    a = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    b = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        unique_together = [("a", "b")]
        constraints = [check(~Q(a=F("b")), name="no_self")]


class Event(models.Model):
    host = models.ForeignKey(Person, on_delete=models.PROTECT)
    title = models.CharField(max_length=100)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    tags = models.ManyToManyField("Tag")

    class Meta:
        constraints = [
            check(Q(ends_at__gt=F("starts_at")), name="c_order"),
            check(Q(price__gte=0) & Q(price__lte=500), name="c_price"),
        ]


class Tag(models.Model):
    name = models.CharField(max_length=30, unique=True)


class Gift(Event):
    note = models.TextField(blank=True)
"""
SCRIPT = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "stall"], USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()
import warnings
warnings.simplefilter("error")
from django.apps import apps
from django.core.management import call_command
from django.db import connection
import relsynth as rs
from relsynth.metadata.sources import schema_from
from relsynth.storage.load import load_tables

connection.creation.create_test_db(verbosity=0)
call_command("migrate", run_syncdb=True, verbosity=0)
metadata = schema_from("django:stall")
names = ["person", "friendship", "event", "tag", "gift"]
tables = rs.generate(metadata, {f"stall_{n}": 25 for n in names}, seed=2, now="2026-01-01")
assert load_tables(tables, connection, metadata, dry_run=True)["stall_person"] == 25
models = [apps.get_model("stall", n) for n in names]
assert not any(model.objects.exists() for model in models)
assert load_tables(tables, connection, metadata)["stall_person"] == 25
for model in models:
    assert model.objects.count() == 25, model
    for row in model.objects.all():
        row.full_clean()
connection.check_constraints()
person = models[0].objects.order_by("email").first()
made = tables["stall_person"].set_index("email").loc[person.email]
assert str(person.id) == made["id"] and person.rating == made["rating"]
assert person.created_at.replace(tzinfo=None) == made["created_at"].to_pydatetime()
try:
    load_tables(tables, connection, metadata)
except rs.DataError as error:
    assert "holds rows already" in str(error)
else:
    raise AssertionError("full tables were filled")
try:
    load_tables(tables, connection, metadata, append=True)
except rs.DataError as error:
    assert "rejects the rows" in str(error)
else:
    raise AssertionError("keys were repeated")
assert models[0].objects.count() == 25
print("fine")
"""


def test_rows_go_through_the_models_into_the_test_connection(tmp_path):
    pytest.importorskip("django")
    folder = tmp_path / "stall"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "models.py").write_text(MODELS)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine"
