"""Every setting, by subject. Secrets have no default: a process without them does not start.

`common.embedded` generates the development values; a real installation sets them itself.
"""

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from common.configuration import Environment
from common.files.configuration import storages
from common.health.configuration import llm_providers
from common.telemetry.logs import logging_config
from config import variables
from config.schedule import SCHEDULE, nightly_backup

env = VARIABLES = Environment(variables.VARIABLES)
BASE_DIR = Path(__file__).resolve().parent.parent

# --- core -------------------------------------------------------------------------------------------------------
VERSION = "0.1.0"
DEBUG = env.bool("DEBUG", default=False)
# Set where the database is the embedded one: sample data and loop-back webhooks are for such places only.
DEVELOPMENT = env.bool("DEVELOPMENT", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = env.address("PUBLIC_URL", "http", "https", default="http://127.0.0.1:8000")
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
# The process as the log names it: web, worker, beat, relay; a command by its own name.
SERVICE_NAME = env.str(
    "SERVICE_NAME", default=sys.argv[1] if sys.argv[0].endswith("manage.py") and sys.argv[1:] else ""
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "config.apps.ControlAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "common",
    "audit",
    "accounts",
    "projects",
    "agents",
    "evidence",
    "tasks",
]

MIDDLEWARE = [
    "common.health.middleware.HealthMiddleware",
    "common.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.PrincipalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

# --- database: the app role for everything, the owner only for migrations and set-up ------------------------------
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0}
DB_POOL, DB_POOL_SIZE = env.bool("DB_POOL", default=False), env.int("DB_POOL_SIZE", default=20)
if DB_POOL:
    # One pool in the web process only: prefork workers would share sockets. No session state is ever set (tenancy is
    # transaction-local), so a connection needs no reset when it goes back.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": DB_POOL_SIZE, "timeout": 5}}
owner = env.db_url("DATABASE_OWNER_URL", default={})
if owner:
    DATABASES["owner"] = owner | {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {"options": "-c role=cm_owner"},
        "TEST": {"MIRROR": "default"},
    }
DATABASE_ROUTERS = ["common.tenancy.routers.OwnerMigrates"]
# Django's own admin history can be edited, so it has no table: the audit log records what staff do.
MIGRATION_MODULES = {"admin": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A backup is made each night where both are set. Only the worker of the queue `backup` has the login.
BACKUP_DIR = env.str("BACKUP_DIR", default="")
BACKUP_DATABASE_URL = env.address("BACKUP_DATABASE_URL", "postgresql", "postgres", default="")
BACKUP_KEEP = env.int("BACKUP_KEEP", default=14)
BACKUP_HOUR = env.int("BACKUP_HOUR", default=2)  # UTC
if BACKUP_HOUR > 23:
    env.refuse("BACKUP_HOUR", "must be 23 or less")

# CONTEXT_KEY signs the tenant context, LEASE_KEY makes lease tokens: hex, newest first, older ones for rotation.
CONTEXT_KEYS = env.keys("CONTEXT_KEY")
LEASE_KEYS = env.keys("LEASE_KEY")
# FIELD_KEYS encrypt the few fields that hold secrets (hex, newest first, older ones for rotation): common/crypto.py.
FIELD_KEYS = env.keys("FIELD_KEYS")
# LOG_KEY signs the log (Ed25519 seed, hex). Only the relay has it: what serves requests could not sign if it wanted to.
# LOG_WITNESSES are the keys (vkeys) of the witnesses whose signatures are kept. A checkpoint is signed after so many
# events, or so long after the first of them.
LOG_KEY = env.key("LOG_KEY", default=b"")
LOG_WITNESSES = env.list("LOG_WITNESSES", default=[])
SEAL_EVENTS = env.int("SEAL_EVENTS", default=1000)
SEAL_SECONDS = env.float("SEAL_SECONDS", default=1.0)

# --- Redis: three logical servers, none of them a record -----------------------------------------------------------
# TLS is part of the address: rediss://:password@host/0?ssl_ca_certs=/etc/ca.pem (common/redis/client.py).
# What is cached may be dropped to make room (allkeys-lru); the broker's messages may not (noeviction).
REDIS_SCHEMES = ("redis", "rediss", "unix")
REDIS_CACHE_URL = env.address("REDIS_CACHE_URL", *REDIS_SCHEMES)
REDIS_BROKER_URL = env.address("REDIS_BROKER_URL", *REDIS_SCHEMES)
REDIS_CHANNELS_URL = env.address("REDIS_CHANNELS_URL", *REDIS_SCHEMES)
# The connections of one process to one server; who waits longer than a second does without Redis.
REDIS_POOL = {
    "max_connections": env.int("REDIS_MAX_CONNECTIONS", default=50),
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
}
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        "KEY_PREFIX": "cm",
        "OPTIONS": {
            "CONNECTION_FACTORY": "common.redis.client.DjangoConnections",
            "SERIALIZER": "common.redis.codec.DjangoSerializer",
        },
    }
}
# redis-py 8 gives sockets a 5 s timeout; a subscription idles longer than that (django/channels_redis#422).
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_CHANNELS_URL, "socket_timeout": None, "socket_connect_timeout": 1}]},
    }
}

# --- people, sessions, tokens --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.TenantBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_COOKIES = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else "cm_session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "cm_csrf"
# Minutes for which a password or a second factor counts before a risky decision or a change of what one signs in with.
STEP_UP_MINUTES = env.int("STEP_UP_MINUTES", default=10)
# Signing in through others: an OIDC provider (OIDC_ISSUER as its discovery document says it) and GitHub. Both send
# people back to PUBLIC_URL/sign-in/with/oidc/answer/ or …/github/answer/. With OIDC_LINKS_BY_EMAIL the provider's word
# about a verified address connects the account here that has it; without, people connect theirs in the settings.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_NAME = env.str("OIDC_NAME", default="single sign-on")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_LINKS_BY_EMAIL = env.bool("OIDC_LINKS_BY_EMAIL", default=False)
GITHUB_CLIENT_ID = env.str("GITHUB_CLIENT_ID", default="")
GITHUB_CLIENT_SECRET = env.str("GITHUB_CLIENT_SECRET", default="")
GITHUB_URL = env.str("GITHUB_URL", default="https://github.com")
GITHUB_API_URL = env.str("GITHUB_API_URL", default="https://api.github.com")
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# --- letters -------------------------------------------------------------------------------------------------------
# EMAIL_URL=smtp+tls://user:password@mail.example.org:587 (smtp://, smtp+ssl://). Without one, a development process
# prints letters to its console; any other throws them away, because links in them must not end up in a log.
EMAIL = env.email_url("EMAIL_URL", default="consolemail://" if DEVELOPMENT else "dummymail://")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = EMAIL["EMAIL_BACKEND"], EMAIL["EMAIL_HOST"], EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_USER"], EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_TLS", False), EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Countermark <countermark@localhost>")

# --- browser security ----------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_COOKIES
SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}
# A JSON body is small; files and run logs have their own limits.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- pages and files -----------------------------------------------------------------------------------------------
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".data" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
# Stored files: below MEDIA_ROOT, or in the bucket that S3_BUCKET names (docs/decisions/0007-files.md). With a bucket,
# MEDIA_ROOT is only for what is still arriving.
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / ".data" / "media"))
STORAGES = storages(env)
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.PrincipalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["common.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "common.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["common.api.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "common.api.schema.ProblemAutoSchema",
    "EXCEPTION_HANDLER": "common.api.exceptions.problem_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
IDEMPOTENCY_STORE = "accounts.services.idempotency"
API_LIMIT_PER_MINUTE = env.int("API_LIMIT_PER_MINUTE", default=6000)  # requests of one caller
SPECTACULAR_SETTINGS = {
    "TITLE": "Countermark API",
    "DESCRIPTION": "Work, evidence, approval and audit of AI agents and people on one task.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SERVE_PUBLIC": True,
    # The same field name with different values in different objects: each set of values has one name of its own.
    "ENUM_NAME_OVERRIDES": {
        "ProjectStatusEnum": "projects.models.ProjectStatus",
        "ProjectRoleEnum": "projects.models.ProjectRole",
        "PlanStatusEnum": "projects.models.PlanStatus",
        "PhaseStatusEnum": "projects.models.PhaseStatus",
        "CriterionStateEnum": "projects.models.CriterionState",
        "GateStatusEnum": "projects.models.GateStatus",
        "GateKindEnum": "projects.models.GateKind",
        "CheckStateEnum": "projects.models.CheckState",
        "CheckKindEnum": "projects.models.CheckKind",
        "ReviewVerdictEnum": "projects.models.Verdict",
        "MetricKindEnum": "projects.models.MetricKind",
        "DecisionRecordStatusEnum": "projects.models.DecisionStatus",
        "RoleEnum": "accounts.models.Role",
        "GradeEnum": "evidence.models.Grade",
        "TaskStatusEnum": "tasks.models.TaskStatus",
        "TaskKindEnum": "tasks.models.TaskKind",
        "ChainMemberRoleEnum": "evidence.api.reasoning_serializers.MEMBERS",
        "ChainRoleEnum": "evidence.models.ChainRole",
        "ClaimStatusEnum": "evidence.models.ClaimStatus",
        "DecisionStatusEnum": "evidence.models.DecisionStatus",
        "EvidenceRoleEnum": "evidence.models.Role",
        "EvidenceStatusEnum": "evidence.models.EvidenceStatus",
        "LinkKindEnum": "evidence.models.LinkKind",
        "VerdictEnum": "evidence.models.Verdict",
        "DependencyKindEnum": "tasks.models.DependencyKind",
        "AssignmentRoleEnum": "tasks.models.AssignmentRole",
        "ExecutionStatusEnum": "tasks.models.ExecutionStatus",
        "ApprovalStatusEnum": "tasks.models.ApprovalStatus",
        "ApprovalKindEnum": "tasks.models.ApprovalKind",
        "ApprovalActionEnum": "tasks.models.ApprovalAction",
        "CriterionKindEnum": "tasks.models.CriterionKind",
        "HandoffStatusEnum": "tasks.models.HandoffStatus",
        "FileStatusEnum": "tasks.models.FileStatus",
        "WorkKindEnum": "tasks.models.WorkKind",
        "RiskEnum": "tasks.models.Risk",
        "ErrorCategoryEnum": "tasks.models.ErrorCategory",
        "AgentStateEnum": "agents.models.AgentState",
        "BudgetScopeEnum": "agents.models.BudgetScope",
        "StopScopeEnum": "agents.models.StopScope",
        "ModelProviderEnum": "agents.models.ModelProvider",
    },
}

# --- Celery: a message is a hint, the row is the work -----------------------------------------------------------------
CELERY_BROKER_URL = REDIS_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_DEFAULT_QUEUE = "default"
# Each needs a worker that serves it; health and verify_infrastructure look whether it has one.
QUEUES: tuple[str, ...] = ("default", "agents", "hitl", "events", "audit", "maintenance", "webhooks")
QUEUES += ("backup",) if BACKUP_DIR else ()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = env.str("BEAT_SCHEDULE", default=str(BASE_DIR / ".data" / "beat"))
CELERY_BEAT_SCHEDULE = SCHEDULE | (nightly_backup(BACKUP_HOUR) if BACKUP_DIR else {})

# --- outgoing webhooks and retention ------------------------------------------------------------------------------
# Networks that are not on the public internet and may be delivered to all the same: for the whole instance, by its
# operator, never by a tenant.
WEBHOOK_ALLOWED_NETWORKS = env.networks("WEBHOOK_ALLOWED_NETWORKS")
# For tests and development: plain http to this machine. Only the embedded servers may be run with it.
WEBHOOK_ALLOW_LOOPBACK = env.bool("WEBHOOK_ALLOW_LOOPBACK", default=False)
EMBEDDED = env.bool("EMBEDDED", default=False)
if WEBHOOK_ALLOW_LOOPBACK and not EMBEDDED:
    raise ImproperlyConfigured("WEBHOOK_ALLOW_LOOPBACK is for the embedded development mode only.")
# Days that rows are kept: RETENTION_DAYS_<KIND>. Keys and sessions count from when they expired.
RETENTION_DAYS = {
    name: env.int(f"RETENTION_DAYS_{name.upper()}", default=days)
    for name, days in {
        "idempotency_keys": 0,
        "sessions": 0,
        "account_links": 0,
        "notifications": 90,
        "activity": 180,
        "deliveries": 30,
        "quarantined_writes": 90,
        "run_logs": 180,
    }.items()
}

# --- agents ------------------------------------------------------------------------------------------------------
# Failures in a row, with the same error or with any, after which an agent is stopped. 0: never.
REPEATED_ERRORS_STOP = env.int("REPEATED_ERRORS_STOP", default=10)
FAILURES_STOP = env.int("FAILURES_STOP", default=30)

# Providers of models: their addresses and keys. One is used where its key is set, a local server where its URL is.
LLM_PROVIDERS = llm_providers(env)

# --- telemetry (docs/decisions/0014-telemetry.md) -----------------------------------------------------------------
ENVIRONMENT = env.str("ENVIRONMENT", default="development" if DEVELOPMENT else "production")
PROCESS = {"service": SERVICE_NAME or "countermark", "environment": ENVIRONMENT, "version": VERSION}
SLOW_QUERY_SECONDS = env.float("SLOW_QUERY_SECONDS", default=0.1)
TRACES_EXPORTER = env.choice("OTEL_TRACES_EXPORTER", ("none", "console", "otlp", "memory"), default="none")
TRACES_RATIO = env.float("OTEL_TRACES_SAMPLER_ARG", default=1.0)
OTLP_ENDPOINT = env.address("OTEL_EXPORTER_OTLP_ENDPOINT", "http", "https", default="")
OTLP_HEADERS = dict(part.partition("=")[::2] for part in env.list("OTEL_EXPORTER_OTLP_HEADERS", default=[]))
if TRACES_EXPORTER == "otlp" and not OTLP_ENDPOINT:
    env.refuse("OTEL_EXPORTER_OTLP_ENDPOINT", "is not set", "OTEL_TRACES_EXPORTER=otlp needs it.")
BROWSER_TELEMETRY = env.bool("BROWSER_TELEMETRY", default=False)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_FOLDER = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(
    log_format=env.choice("LOG_FORMAT", ("json", "console"), default="json"),
    level=env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), default="INFO"),
    process=PROCESS,
)
