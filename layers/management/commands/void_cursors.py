"""Make every open map load afresh. Run it after the database went back in time: a restore, or promoting a centre that was behind."""

from typing import Any

from django.core.management.base import BaseCommand

from layers import live


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{live.void_cursors()} streams have a new epoch.")
