"""What the tables at /admin/ do not offer."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

# A schedule names any function to be called: whoever writes one runs code in the worker. Jobs are scheduled by `schedule_jobs` alone.
admin.site.unregister([Failure, OrmQ, Schedule, Success])
# Second factors and the issuer's accounts have doors of their own, which write to the audit.
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken])
# People and rights are changed in the application, whose doors record every change and keep the last administrator.
admin.site.unregister([Group, User])


@admin.register(User)
class PersonAdmin(admin.ModelAdmin):
    """To look people up, and to choose one as the holder of an account."""

    list_display = ["username", "first_name", "last_name", "email", "is_active"]
    search_fields = ["username", "first_name", "last_name", "email"]
    fields = ["username", "first_name", "last_name", "email", "groups", "is_active", "date_joined", "last_login"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
