"""The administration's door to who holds which account: what a customer of the utility may see."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from customers.models import Account, AccountHolder
from layers import audit


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    """To look accounts up; they are changed in the application, where every change is published and journalled."""

    list_display = ["account_no", "name", "grade", "status"]
    search_fields = ["account_no", "name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False


@admin.register(AccountHolder)
class AccountHolderAdmin(admin.ModelAdmin):
    """Give an account to a person of the customer, and take it away."""

    list_display = ["user", "account", "valid_to_date"]
    autocomplete_fields = ["user", "account"]

    def save_model(self, request: HttpRequest, obj: AccountHolder, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _record(request, [obj], "change" if change else "add")

    def delete_model(self, request: HttpRequest, obj: AccountHolder) -> None:
        _record(request, [obj], "delete")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        _record(request, list(queryset.select_related("user", "account")), "delete")
        super().delete_queryset(request, queryset)


def _record(request: HttpRequest, holdings: Sequence[AccountHolder], verb: str) -> None:
    """Note the change in the transaction that the administration wraps around it."""
    deeds = [
        audit.Deed(
            f"holding.{verb}", layer="customers", object_id=held.account_id, label=held.account.name, after={"person": held.user.username}
        )
        for held in holdings
    ]
    audit.record(deeds, user=request.user if isinstance(request.user, User) else None, at=timezone.now())
