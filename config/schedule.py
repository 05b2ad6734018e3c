"""What beat sends, how often and to which queue. A message that waits longer than it is worth expires."""

from typing import Any

from celery.schedules import crontab

Entries = dict[str, dict[str, Any]]

SCHEDULE: Entries = {
    "note-beat": {
        "task": "common.jobs.note_beat",
        "schedule": 15,
        "options": {"queue": "default", "expires": 15},
    },
    "check-providers": {
        "task": "common.jobs.check_providers",
        "schedule": 60,
        "options": {"queue": "maintenance", "expires": 60},
    },
    "reap-expired-leases": {
        "task": "tasks.jobs.reap_expired_leases",
        "schedule": 5,
        "options": {"queue": "maintenance", "expires": 15},
    },
    "expire-approvals": {
        "task": "tasks.jobs.expire_approvals",
        "schedule": 30,
        "options": {"queue": "hitl", "expires": 60},
    },
    "mark-silent-agents": {
        "task": "tasks.jobs.mark_silent_agents",
        "schedule": 60,
        "options": {"queue": "agents", "expires": 120},
    },
    "settle-expired-holds": {
        "task": "tasks.jobs.settle_expired_holds",
        "schedule": 60,
        "options": {"queue": "maintenance", "expires": 120},
    },
    "sweep-files": {
        "task": "tasks.jobs.sweep_files",
        "schedule": 24 * 3600,
        "options": {"queue": "maintenance", "expires": 3600},
    },
    "sweep-artifact-bodies": {
        "task": "evidence.jobs.sweep_artifact_bodies",
        "schedule": 24 * 3600,
        "options": {"queue": "maintenance", "expires": 3600},
    },
    "expire-evidence": {
        "task": "evidence.jobs.expire_evidence",
        "schedule": 60,
        "options": {"queue": "maintenance", "expires": 120},
    },
    "refresh-scores": {
        "task": "evidence.jobs.refresh_scores",
        "schedule": 900,
        "options": {"queue": "maintenance", "expires": 900},
    },
    "apply-decay": {
        "task": "evidence.jobs.apply_decay",
        "schedule": 24 * 3600,
        "options": {"queue": "maintenance", "expires": 3600},
    },
    "scrub-content": {
        "task": "evidence.jobs.scrub_content",
        "schedule": 24 * 3600,
        "options": {"queue": "maintenance", "expires": 3600},
    },
    "measure-projects": {
        "task": "projects.jobs.measure_projects",
        "schedule": 15 * 60,
        "options": {"queue": "maintenance", "expires": 600},
    },
    "ensure-partitions": {
        "task": "audit.jobs.ensure_partitions",
        "schedule": 6 * 3600,
        "options": {"queue": "audit", "expires": 3600},
    },
    "purge": {
        "task": "common.jobs.purge",
        "schedule": 24 * 3600,
        "options": {"queue": "maintenance", "expires": 3600},
    },
    "send-notifications": {
        "task": "accounts.jobs.send_notifications",
        "schedule": 10,
        "options": {"queue": "events", "expires": 10},
    },
    "deliver-webhooks": {
        "task": "audit.jobs.deliver_webhooks",
        "schedule": 5,
        "options": {"queue": "webhooks", "expires": 5},
    },
    "reencrypt-fields": {
        "task": "common.jobs.reencrypt_fields",
        "schedule": 24 * 3600,
        "options": {"queue": "maintenance", "expires": 3600},
    },
}


def nightly_backup(hour: int) -> Entries:
    """Return the entry of the backup, at `hour` UTC."""
    return {
        "back-up": {
            "task": "common.jobs.back_up",
            "schedule": crontab(hour=hour, minute=0),
            "options": {"queue": "backup", "expires": 12 * 3600},
        }
    }
