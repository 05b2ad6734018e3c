"""Everything that must hold before people rely on an installation, in the order in which it breaks."""

from common.upkeep import database, servers
from common.upkeep.complaints import SET_UP, Check

SERVER = "look at DATABASE_URL, and whether the server runs"
REDIS = "look at the REDIS_…_URL settings, and whether the servers run"

WORKERS = Check("workers and beat", servers.workers, REDIS)
CHECKS = (
    Check("PostgreSQL version", database.version, SERVER),
    Check("extensions", database.extensions, SERVER),
    Check("roles", database.roles, SERVER),
    Check("login", database.login, SERVER),
    Check("migrations", database.migrations, SET_UP),
    Check("row security", database.row_security, SERVER),
    Check("guards of the log", database.log_is_guarded, SET_UP),
    Check("context key", database.context_key, SERVER),
    Check("partitions", database.partitions, SET_UP),
    Check("Redis", servers.redis, REDIS),
    Check("channel layer", servers.channel_layer, REDIS),
    Check("files", servers.files, "look at MEDIA_ROOT or the S3_… settings"),
    WORKERS,
)
