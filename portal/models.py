"""What guards the sign-in: tries that may have been wrong, passwords that were used before, invitations."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class SignInTry(models.Model):
    """One try of a password or code that was not right, or is just being judged. `portal.lockout` alone writes it.

    `subject` is a keyed hash of what was tried and for which name: people type their password into the wrong field.
    """

    subject = models.CharField(max_length=40)
    ip = models.CharField(max_length=45)
    device = models.CharField(max_length=32, blank=True, help_text='Of a device that this person signed in on before; "" for any other.')
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "at"], name="tries_by_subject"),
            models.Index(fields=["ip", "at"], name="tries_by_address"),
        ]


class PasswordUsed(models.Model):
    """A password that the person had since `at`, as Django hashes it. Kept only under a profile that asks for it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    password = models.CharField(max_length=128)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["user", "-at"], name="passwords_by_person")]


class MappedPerson(models.Model):
    """Somebody whom OIDC_GROUP_MAP brought in: their groups follow the issuer's at every sign-in. Nobody else's do."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")


class Invitation(models.Model):
    """That a person was sent the link to choose their first password."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    sent_at = models.DateTimeField()
