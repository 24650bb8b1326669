"""What the administration at /admin/ does not offer."""

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

# A schedule names any function to be called: whoever writes one runs code in the worker. Jobs are scheduled by `schedule_jobs` alone.
admin.site.unregister([Failure, OrmQ, Schedule, Success])
