"""What the product does with Redis, one room for each use: docs/decisions/0006-redis-utilities.md.

Nothing here is a record. Redis may vanish and come back empty; what must survive is in PostgreSQL.
"""

from common.redis.cache import CacheManager, get_cache_manager
from common.redis.client import HealthResult, RedisClient, get_redis_client
from common.redis.limiter import Decision, Limit, RateLimiter, WithoutRedis, get_rate_limiter
from common.redis.lock import DistributedLock, LockBusy, get_lock
from common.redis.pubsub import Message, PubSubManager, get_pubsub
from common.redis.results import cache_result
from common.redis.sessions import SessionManager, get_session_manager

__all__ = [
    "CacheManager",
    "Decision",
    "DistributedLock",
    "HealthResult",
    "Limit",
    "LockBusy",
    "Message",
    "PubSubManager",
    "RateLimiter",
    "RedisClient",
    "SessionManager",
    "WithoutRedis",
    "cache_result",
    "get_cache_manager",
    "get_lock",
    "get_pubsub",
    "get_rate_limiter",
    "get_redis_client",
    "get_session_manager",
]
