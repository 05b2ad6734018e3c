"""Publishing the numbers that credibility is computed with."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from audit.services import Subject, record
from common.context import Principal
from common.errors import Forbidden, Invalid
from evidence import events
from evidence.credibility import PolicyError, read_policy
from evidence.models import CredibilityPolicy
from evidence.services.scores import current_policy, now_alone


@transaction.atomic
def publish_policy(*, principal: Principal, document: dict[str, Any], note: str = "") -> CredibilityPolicy:
    """Publish the next version; scores follow with the sweep (`apply_policy`), each with its line in the history.

    Raises `Forbidden` for others than administrators and managers, `Invalid` for a document that is not whole or does
    not say that it is the next version.
    """
    if not principal.sees_all_projects:
        raise Forbidden("Administrators and managers publish policies.")
    current_policy()
    as_of = now_alone("evidence policies")
    version = 1 + CredibilityPolicy.objects.aggregate(last=Max("version"))["last"]
    try:
        policy = read_policy(document)
    except PolicyError as error:
        raise Invalid(str(error), code="bad_policy", errors={"document": [str(error)]}) from error
    if policy.version != version:
        raise Invalid(f"The next version is {version}.", errors={"document": [f"version is {version}."]})
    row: CredibilityPolicy = CredibilityPolicy.objects.create(
        version=version,
        document=document,
        sha256=policy.sha256,
        effective_from=as_of,
        note=note,
        user_id=principal.user_id,
    )
    subject = Subject(type="credibility_policy", id=row.id, label=str(row))
    record(events.POLICY_PUBLISHED, subject, reason=note, version=version, sha256=policy.sha256)
    return row
