"""Every environment variable of the product, by subject: what it is for. Kind and default are where it is read."""

from common.configuration import MAKE_A_KEY, Variable

KEEP = "Keep it: whoever loses it loses what was made with it."
ROTATE = "To rotate, put a new one before it and a comma (docs/OPERATIONS.md)."

VARIABLES = {
    "Web": [
        Variable(
            "SECRET_KEY",
            "Signs cookies and links.",
            secret=True,
            remedy='Make one: python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
        ),
        Variable("SECRET_KEY_FALLBACKS", "Older values of SECRET_KEY that are still accepted.", secret=True),
        Variable("PUBLIC_URL", "The address that people use. With https:// cookies and headers demand TLS.", "web"),
        Variable("ALLOWED_HOSTS", "The host names that the product answers to.", "web"),
        Variable(
            "CSRF_TRUSTED_ORIGINS", "Origins that forms may come from.", "web", shown="the address in `PUBLIC_URL`"
        ),
        Variable(
            "BEHIND_PROXY", "Believe X-Forwarded-For and X-Forwarded-Proto: only behind a proxy that sets them.", "web"
        ),
        Variable("STATIC_ROOT", "The folder of collected static files.", "web"),
        Variable("STATIC_HASHED", "Serve static files by names with their digest: after collectstatic.", "web"),
        Variable("API_LIMIT_PER_MINUTE", "Requests of one caller in a minute, over the whole API.", "web", least=1),
        Variable("DEBUG", "Show errors in the browser. Never where others can reach it.", "web"),
        Variable("DEVELOPMENT", "The database is the embedded one: sample data is allowed."),
        Variable("SERVICE_NAME", "The process as the log names it.", shown="the name of the command"),
    ],
    "Signing in": [
        Variable(
            "STEP_UP_MINUTES", "Minutes for which a password or a second factor counts before what is risky.", "web"
        ),
        Variable("OIDC_ISSUER", "A provider that people may sign in through; none where empty.", "web"),
        Variable("OIDC_NAME", "What the button calls it.", "web"),
        Variable("OIDC_CLIENT_ID", "What the provider calls this installation.", "web"),
        Variable("OIDC_CLIENT_SECRET", "The secret that goes with it.", "web", secret=True),
        Variable("OIDC_LINKS_BY_EMAIL", "Believe the provider whose verified address is whose account here.", "web"),
        Variable("GITHUB_CLIENT_ID", "The OAuth app of this installation; without one nobody comes by GitHub.", "web"),
        Variable("GITHUB_CLIENT_SECRET", "The secret that goes with it.", "web", secret=True),
        Variable("GITHUB_URL", "Another address for GitHub Enterprise.", "web"),
        Variable("GITHUB_API_URL", "The address of its API.", "web"),
    ],
    "E-mail": [
        Variable(
            "EMAIL_URL",
            "The server that sends e-mails.",
            "web, worker",
            secret=True,
            remedy="For example smtp+tls://user:password@mail.example.org:587",
            shown="development: the console; else none is sent",
        ),
        Variable("EMAIL_FROM", "The sender.", "web, worker"),
    ],
    "PostgreSQL": [
        Variable(
            "DATABASE_URL",
            "Where the product works, as the role cm_app.",
            secret=True,
            remedy="For example postgresql://cm_app:PASSWORD@HOST/countermark",
        ),
        Variable(
            "DATABASE_OWNER_URL",
            "A login that may create roles. No process that serves may have it.",
            "set-up, migrations, backup",
            secret=True,
        ),
        Variable("DB_POOL", "Keep connections open. For the web process only: forked workers would share them.", "web"),
        Variable("DB_POOL_SIZE", "Connections of one web process at most.", "web", least=2),
        Variable(
            "CONTEXT_KEY",
            "Signs the tenant of each transaction.",
            secret=True,
            remedy=f"{MAKE_A_KEY} {ROTATE}",
        ),
        Variable("LEASE_KEY", "Makes the tokens of leases.", secret=True, remedy=f"{MAKE_A_KEY} {ROTATE}"),
        Variable(
            "FIELD_KEYS",
            f"Encrypts the few fields that hold secrets, with 32 bytes. {KEEP}",
            secret=True,
            remedy=f"{MAKE_A_KEY} {ROTATE}",
        ),
    ],
    "Backup": [
        Variable("BACKUP_DIR", "The folder of backups. With one, beat makes a backup each night.", "all"),
        Variable(
            "BACKUP_DATABASE_URL",
            "A login that is a member of cm_backup.",
            "worker of the queue backup",
            secret=True,
        ),
        Variable("BACKUP_KEEP", "How many nightly backups stay.", "worker of the queue backup", least=1),
        Variable("BACKUP_HOUR", "The hour of the backup, UTC.", "beat", least=0),
    ],
    "The log": [
        Variable(
            "LOG_KEY", "Signs the log: an Ed25519 seed of 32 bytes.", "relay only", secret=True, remedy=MAKE_A_KEY
        ),
        Variable("LOG_WITNESSES", "The keys (vkeys) of witnesses whose signatures are kept.", "web"),
        Variable("SEAL_EVENTS", "A checkpoint is signed after so many events,", "relay", least=1),
        Variable("SEAL_SECONDS", "or so many seconds after the first of them.", "relay", least=0),
    ],
    "Redis": [
        Variable(
            "REDIS_CACHE_URL",
            "The cache. It may drop entries (allkeys-lru).",
            secret=True,
            remedy="For example redis://:PASSWORD@HOST/0, or rediss:// for TLS.",
        ),
        Variable("REDIS_BROKER_URL", "The messages of jobs. It may drop none (noeviction).", secret=True),
        Variable("REDIS_CHANNELS_URL", "The pokes of live pages (noeviction).", secret=True),
        Variable("REDIS_MAX_CONNECTIONS", "Connections of one process to one server.", least=1),
    ],
    "Jobs": [
        Variable("BEAT_SCHEDULE", "The file in which beat remembers what it sent.", "beat"),
    ],
    "Files": [
        Variable("MEDIA_ROOT", "The folder of stored files; with a bucket, of what is still arriving.", "web, worker"),
        Variable("S3_BUCKET", "Store files in this bucket instead.", "web, worker"),
        Variable("S3_REGION", "Its region.", "web, worker"),
        Variable("S3_ENDPOINT_URL", "The address of a service like S3.", "web, worker"),
        Variable("S3_ACCESS_KEY_ID", "Its login. Without one, the machine's own role is used.", "web, worker"),
        Variable("S3_SECRET_ACCESS_KEY", "The login's secret.", "web, worker", secret=True),
        Variable("S3_PREFIX", "What every name in the bucket begins with.", "web, worker"),
    ],
    "Outgoing webhooks and retention": [
        Variable(
            "WEBHOOK_ALLOWED_NETWORKS", "Networks that are not public and may be delivered to all the same.", "worker"
        ),
        Variable(
            "WEBHOOK_ALLOW_LOOPBACK", "Deliver to this machine, without TLS. With embedded servers only.", "worker"
        ),
        Variable("EMBEDDED", "Set by the supervisor where it runs a server itself."),
        *(
            Variable(f"RETENTION_DAYS_{kind.upper()}", purpose, "worker", least=0)
            for kind, purpose in {
                "idempotency_keys": "Days that keys of repeated requests stay after they expired.",
                "account_links": "Days that links of invitations and resets stay after they expired.",
                "sessions": "Days that sessions stay after they expired.",
                "notifications": "Days that notifications are kept.",
                "activity": "Days that the feed is kept; it can be rebuilt from the log.",
                "deliveries": "Days that deliveries of webhooks are kept.",
                "quarantined_writes": "Days that late writes are kept.",
                "run_logs": "Days that the output of runs is kept.",
            }.items()
        ),
    ],
    "Agents and providers of models": [
        Variable(
            "REPEATED_ERRORS_STOP", "Failures in a row with the same error that stop an agent. 0: never.", least=0
        ),
        Variable("FAILURES_STOP", "Failures in a row of any kind that stop an agent. 0: never.", least=0),
        *(
            variable
            for name in ("OpenAI", "Anthropic", "Google", "local")
            for variable in (
                Variable(f"{name.upper()}_API_KEY", f"The key for {name} models.", "worker", secret=True),
                Variable(f"{name.upper()}_BASE_URL", f"The address of {name} models, up to /models.", "worker"),
                Variable(
                    f"{name.upper()}_MODEL", "The model that health asks for; none: the list of models.", "worker"
                ),
            )
        ),
    ],
    "Telemetry": [
        Variable("LOG_FORMAT", "One JSON object a line, or lines for people."),
        Variable("LOG_LEVEL", "The least important lines that are written."),
        Variable(
            "ENVIRONMENT",
            "The installation as its lines, traces and metrics name it.",
            shown="`production`, or `development`",
        ),
        Variable("SLOW_QUERY_SECONDS", "A statement that takes so long is written to the log.", least=0),
        Variable(
            "OTEL_TRACES_EXPORTER",
            "Where traces go: nowhere, to the console, to a collector, or to memory (for tests).",
        ),
        Variable("OTEL_TRACES_SAMPLER_ARG", "The part of new traces that is kept, from 0 to 1.", least=0),
        Variable(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "The collector (OTLP over HTTP).",
            remedy="For example http://collector:4318",
        ),
        Variable("OTEL_EXPORTER_OTLP_HEADERS", "What it wants to see: name=value, by commas.", secret=True),
        Variable(
            "BROWSER_TELEMETRY", "Pages measure themselves and tell the product; they say so on the console.", "web"
        ),
        Variable(
            "METRICS_TOKEN",
            "Who shows it as a bearer token may read /metrics. Without one, only this machine may.",
            "web",
            secret=True,
        ),
        Variable(
            "PROMETHEUS_MULTIPROC_DIR",
            "The folder in which all processes keep their counts, so that /metrics adds them up. Empty it at a start.",
        ),
    ],
    "The embedded servers and `make` (not read by the settings)": [
        Variable("HOST", "Where `make run` listens.", "supervisor", shown="`127.0.0.1`", kind="address"),
        Variable("PORT", "Its port, or the next free one.", "supervisor", shown="`8000`", kind="whole number"),
        Variable("DATA_DIR", "The data folder.", "supervisor", shown="`.data`", kind="text"),
        Variable(
            "POSTGRES_BIN_DIR",
            "The programs of an installed PostgreSQL instead of those that come along.",
            "supervisor",
            kind="text",
        ),
        Variable(
            "WORKER_CONCURRENCY", "Jobs at a time.", "supervisor", shown="processors, at most 4", kind="whole number"
        ),
        Variable("REPO", "The checkout that `make demo` works on.", "demo", shown="this one", kind="text"),
        Variable("SEED_PASSWORD", "The password of people in sample data.", "seed_demo", kind="text", secret=True),
        Variable("WITNESS_TOKEN", "The token a witness reads the log with.", "witness", kind="text", secret=True),
        Variable("COUNTERMARK_TOKEN", "The token of the reference worker.", "agent", kind="text", secret=True),
    ],
}
