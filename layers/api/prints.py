"""Door of prints: the browser asks before it makes a sheet, and writes the answered number and time on it."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, prints
from layers.api.commands import KEY, run_command
from layers.api.messages import Box, Strict, valid


class PrintSheet(Strict):
    """What is on the sheet. `filter` is the screen's own, by the names of the layers' filters; `scale` is the 5000 of 1 : 5,000."""

    layers = serializers.ListField(child=serializers.CharField(max_length=40), max_length=50, allow_empty=True)
    basemaps = serializers.ListField(child=serializers.CharField(max_length=100), max_length=10, allow_empty=True)
    box = Box(max_length=200)
    paper = serializers.ChoiceField(["A4", "A3"])
    orientation = serializers.ChoiceField(["portrait", "landscape"])
    scale = serializers.IntegerField(min_value=1, max_value=1_000_000_000)
    dpi = serializers.IntegerField(min_value=72, max_value=600)
    turned_deg = serializers.FloatField(required=False, default=0, min_value=-360, max_value=360)
    filter = serializers.DictField(child=serializers.CharField(max_length=1000, allow_blank=True), required=False, default=dict)


class PrintOut(serializers.Serializer):
    """`number` and `at`, when it was recorded, stand on the sheet."""

    number = serializers.CharField()
    at = serializers.DateTimeField()


class Prints(APIView):
    """Record that the person prints what they see."""

    @extend_schema(request=PrintSheet, parameters=[KEY], responses={201: PrintOut})
    def post(self, request: Request) -> Response:
        user = access.somebody(request.user)
        asked = valid(PrintSheet, request.data)
        sheet = prints.Sheet(**asked | {"filter": {name: text for name, text in asked["filter"].items() if text}})

        def run(at: datetime) -> Any:
            return PrintOut({"number": prints.record_print(sheet, user=user, at=at), "at": at}).data

        return run_command(request, user, run, status=201)
