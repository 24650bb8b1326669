"""E-mails of the portal, in the utility's language. Jobs of the worker send them, so a mail server that is down delays nobody's request."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from customers.selectors import person_name
from layers import audit
from portal import keys


def send_invitation(user_id: int) -> str:
    """Send the link by which an invited person chooses a password. Return what was done, for the list of jobs."""
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if user is None or user.has_usable_password():
        return "Nobody waits for this invitation any more."
    _send(user, "invitation")
    return "Sent."


def send_password_resets(user_ids: list[int], ip: str, device: str) -> str:
    """Send each of these people a link to choose a new password, and note in the audit from where it was asked for."""
    people = list(User.objects.filter(pk__in=user_ids, is_active=True).exclude(email=""))
    for user in people:
        _send(user, "reset")
    with audit.coming_from(audit.Origin(ip=ip, device=device)), transaction.atomic():
        audit.record([audit.about(user, "person.reset") for user in people], user=None, at=timezone.now())
    return f"{len(people)} sent."


def _send(user: User, purpose: keys.Purpose) -> None:
    language = "zh" if settings.LANGUAGE_CODE.lower().startswith("zh") else "en"
    told = {
        "name": person_name(user),
        "username": user.username,
        "utility": settings.UTILITY_NAME,
        "link": f"{settings.PUBLIC_URL.rstrip('/')}/set-password#key={keys.make_key(user, purpose)}",
        "hours": int(keys.valid_for(purpose).total_seconds() // 3600),
    }
    subject, _, text = render_to_string(f"mail/{purpose}.{language}.txt", told).partition("\n")
    send_mail(subject.strip(), text.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [user.email])
