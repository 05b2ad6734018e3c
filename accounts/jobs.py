"""Celery's side of accounts: letters."""

from functools import partial
from smtplib import SMTPException
from uuid import UUID

from celery import shared_task

# A mail server that is away comes back: tried again after 15 s, 30 s, … 5 min.
letter = partial(
    shared_task,
    autoretry_for=(OSError, SMTPException),
    retry_backoff=15,
    retry_backoff_max=300,
    max_retries=6,
)


@letter()
def send_invitation(tenant_id: str, user_id: str) -> None:
    from accounts.services import send_invitation

    send_invitation(tenant_id=UUID(tenant_id), user_id=UUID(user_id))


@letter()
def send_reset(email: str) -> None:
    """By address, not by id: looking it up in the request would tell by its time who is known."""
    from accounts.services import send_reset

    send_reset(email=email)


@shared_task
def send_notifications() -> None:
    from accounts.services import send_notifications

    send_notifications()
