"""The tables at /admin/: for administrators only; to everybody else who is signed in there is nothing there."""

from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from layers import access, audit


class TablesSite(admin.AdminSite):
    """Django's administration. Most of what administrators do has its own screen in the application."""

    site_header = site_title = "GridAtlas"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and access.role_of(request.user) == access.ADMINISTRATOR

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        checked = super().admin_view(view, cacheable)

        def door(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            # Who is not signed in is sent to sign in, and learns afterwards whether there is something.
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404("There is nothing here, or not for you.")
            return checked(request, *args, **named)

        return update_wrapper(door, checked)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # Django's own form counts no wrong tries and leaves no row: the application's door does both.
        return HttpResponseRedirect("/#account=security")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if request.method == "POST" and isinstance(request.user, User):
            audit.signed_out(user=request.user, at=timezone.now())
        return super().logout(request, extra_context)
