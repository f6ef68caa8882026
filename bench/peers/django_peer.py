"""The ledger's hot requests as a Django REST framework program, the way its documentation teaches them.

DATABASE is `sqlite:FILE` or `postgresql:HOST:NAME`; TOKEN is the one token that may write. It keeps what the ledger
keeps and answers the same shapes; late events, scopes, limits and the rest of the rules it does without.
"""

import hashlib
import hmac
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from bench import data

kind, *where = os.environ["DATABASE"].split(":")
DATABASE: dict[str, Any] = (
    {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": where[0],
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
    if kind == "sqlite"
    else {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": where[0],
        "NAME": where[1],
        "USER": "postgres",
        "OPTIONS": {"pool": {"min_size": 8, "max_size": 8}},
    }
)
if kind == "sqlite":
    DATABASE["CONN_MAX_AGE"] = None
settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="only measured, on loopback",  # noqa: S106
    ROOT_URLCONF=__name__,
    DATABASES={"default": DATABASE},
    INSTALLED_APPS=["rest_framework"],
    USE_TZ=True,
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.db import connection, models, transaction  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import generics, serializers  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.pagination import CursorPagination  # noqa: E402
from rest_framework.permissions import BasePermission  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from .django_shapes import Waybill  # noqa: E402


class Token(models.Model):
    sha256 = models.CharField(max_length=64, unique=True)

    class Meta:
        app_label = "ledger"


class Release(models.Model):
    service = models.CharField(max_length=53)
    version = models.CharField(max_length=128)
    sha256 = models.CharField(max_length=64)
    document = models.JSONField()
    image_digest = models.CharField(max_length=71, db_index=True)
    chart_digest = models.CharField(max_length=71, db_index=True)
    recorded_at = models.DateTimeField()

    class Meta:
        app_label = "ledger"
        constraints = [models.UniqueConstraint(fields=["service", "version"], name="one_release")]  # noqa: RUF012


class Proposal(models.Model):
    release = models.ForeignKey(Release, models.PROTECT, related_name="proposals")
    part = models.JSONField()

    class Meta:
        app_label = "ledger"


class Event(models.Model):
    environment = models.CharField(max_length=63)
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        app_label = "ledger"
        constraints = [models.UniqueConstraint(fields=["environment", "sha256"], name="one_event")]  # noqa: RUF012


class Arrival(models.Model):
    environment = models.CharField(max_length=63)
    place = models.CharField(max_length=320)
    service = models.CharField(max_length=53, db_index=True)
    version = models.CharField(max_length=128)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    health = models.CharField(max_length=10)

    class Meta:
        app_label = "ledger"
        indexes = [models.Index(fields=["environment", "place", "ended_at"])]  # noqa: RUF012


MODELS = (Token, Release, Proposal, Event, Arrival)


class ReleaseOut(serializers.ModelSerializer[Release]):
    class Meta:
        model = Release
        fields = ("id", "service", "version", "recorded_at", "sha256")

    def to_representation(self, instance: Release) -> dict[str, Any]:
        return {**instance.document, "receipt": super().to_representation(instance)}


class ArrivalOut(serializers.ModelSerializer[Arrival]):
    class Meta:
        model = Arrival
        fields = ("environment", "place", "service", "version", "started_at", "ended_at", "health")


class Writer(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        if request.method == "GET":
            return True
        sha256 = hashlib.sha256(request.headers.get("authorization", "").removeprefix("Bearer ").encode()).hexdigest()
        return Token.objects.filter(sha256=sha256).exists()


class Newest(CursorPagination):
    page_size, ordering = 50, "-id"


class Releases(generics.ListAPIView[Release]):
    queryset = Release.objects.all()
    serializer_class = ReleaseOut
    pagination_class = Newest
    permission_classes = [Writer]  # noqa: RUF012

    def post(self, request: Any) -> Response:
        waybill = Waybill(data=request.data)
        waybill.is_valid(raise_exception=True)
        row = release_of(waybill.validated_data)
        with transaction.atomic():
            key = {name: row.pop(name) for name in ("service", "version")}
            filed, new = Release.objects.get_or_create(**key, defaults=row)
            if new and "gitops" in waybill.validated_data:
                Proposal.objects.create(release=filed, part=waybill.validated_data["gitops"])
        if filed.sha256 != row["sha256"]:
            return Response(status=409)
        return Response(ReleaseOut(filed).data["receipt"], status=201 if new else 200)


class One(APIView):
    def get(self, request: Any, service: str, version: str) -> Response:
        filed = generics.get_object_or_404(
            Release.objects.prefetch_related("proposals"), service=service, version=version
        )
        arrivals = Arrival.objects.filter(service=service, version=version)[:200]
        more = {
            "proposals": [it.part for it in filed.proposals.all()],
            "arrivals": ArrivalOut(arrivals, many=True).data,
        }
        return Response(ReleaseOut(filed).data | more)


class Environment(APIView):
    def get(self, request: Any, environment: str) -> Response:
        running = list(Arrival.objects.filter(environment=environment, ended_at=None).order_by("service"))
        if not running:
            return Response(status=404)
        known = Release.objects.filter(
            service__in={it.service for it in running}, version__in={it.version for it in running}
        )
        filed = {(it.service, it.version) for it in known}
        services = [{**ArrivalOut(it).data, "known": (it.service, it.version) in filed} for it in running]
        return Response({"environment": environment, "at": datetime.now(UTC), "services": services})


class Hook(APIView):
    def post(self, request: Any, environment: str) -> Response:
        body = request.body
        if not hmac.compare_digest(data.signature(environment, body), request.headers.get("x-signature", "")):
            raise AuthenticationFailed
        sha256 = hashlib.sha256(body).hexdigest()
        with transaction.atomic():
            kept, new = Event.objects.get_or_create(
                environment=environment, sha256=sha256, defaults={"body": body, "received_at": datetime.now(UTC)}
            )
            if new:
                follow(environment, json.loads(body))
        receipt = {"id": kept.id, "environment": environment, "received_at": kept.received_at, "sha256": sha256}
        return Response(receipt, status=201 if new else 200)


def follow(environment: str, it: dict[str, Any]) -> None:
    place, version = f"{it['involvedObject']['namespace']}/{it['involvedObject']['name']}", it["metadata"]["revision"]
    at = datetime.fromisoformat(it["timestamp"])
    running = Arrival.objects.filter(environment=environment, place=place, ended_at=None).first()
    if running is not None and running.version == version:
        return
    if running is not None:
        running.ended_at = at
        running.save(update_fields=["ended_at"])
    Arrival.objects.create(
        environment=environment,
        place=place,
        service=it["metadata"]["service"],
        version=version,
        started_at=at,
        health="healthy",
    )


def release_of(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "service": document["service"],
        "version": document["chart"]["version"],
        "sha256": hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest(),
        "document": document,
        "image_digest": document["images"][0]["digest"],
        "chart_digest": document["chart"]["digest"],
        "recorded_at": datetime.now(UTC),
    }


def fill(releases: int, events: int) -> None:
    """Creates the tables, the token and so many rows of each."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    Token.objects.create(sha256=hashlib.sha256(os.environ["TOKEN"].encode()).hexdigest())
    documents = (data.waybill(data.service(number), data.version(number)) for number in range(releases))
    Release.objects.bulk_create([Release(**release_of(document)) for document in documents])
    with transaction.atomic():
        for number in range(events):
            environment, body = data.event(number)
            follow(environment, json.loads(body))


urlpatterns = [
    path("releases", Releases.as_view()),
    path("releases/<service>/<version>", One.as_view()),
    path("environments/<environment>", Environment.as_view()),
    path("hooks/flux/<environment>", Hook.as_view()),
]
application = get_wsgi_application()

if __name__ == "__main__":
    fill(int(sys.argv[1]), int(sys.argv[2]))
