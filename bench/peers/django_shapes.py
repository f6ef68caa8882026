"""What the Django peer takes, as REST framework has it. Django must be set up before it is imported."""

from typing import Any

from rest_framework import serializers

DIGEST, COMMIT = r"^sha256:[a-f0-9]{64}$", r"^[a-f0-9]{40}$"


class Image(serializers.Serializer[Any]):
    name = serializers.CharField()
    repository = serializers.CharField()
    digest = serializers.RegexField(DIGEST)
    manifests = serializers.DictField(child=serializers.RegexField(DIGEST))
    checked = serializers.BooleanField()


class Source(serializers.Serializer[Any]):
    repository = serializers.CharField()
    commit = serializers.RegexField(COMMIT)
    committed_at = serializers.CharField()
    release_commit = serializers.RegexField(COMMIT)
    tag = serializers.CharField()


class Chart(serializers.Serializer[Any]):
    name = serializers.CharField()
    version = serializers.CharField()
    app_version = serializers.CharField()
    archive = serializers.RegexField(DIGEST)
    repository = serializers.CharField()
    digest = serializers.RegexField(DIGEST)


class Place(serializers.Serializer[Any]):
    environment = serializers.CharField()
    place = serializers.CharField(allow_null=True)


class PullRequest(serializers.Serializer[Any]):
    url = serializers.URLField()
    number = serializers.IntegerField()


class By(serializers.Serializer[Any]):
    run = serializers.URLField()


class Gitops(serializers.Serializer[Any]):
    repository = serializers.CharField()
    branch = serializers.CharField()
    commit = serializers.RegexField(COMMIT)
    places = Place(many=True)
    kind = serializers.CharField()
    proposal = PullRequest(required=False)


class Waybill(serializers.Serializer[Any]):
    waybill = serializers.IntegerField()
    service = serializers.SlugField(max_length=53)
    images = Image(many=True)
    source = Source()
    chart = Chart()
    gitops = Gitops(required=False)
    by = By(required=False)
