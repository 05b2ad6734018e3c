"""What the product does with Redis, one room for each use.

Nothing here is a record. Redis may vanish and come back empty; what must survive is in PostgreSQL.
"""

from common.redis.cache import CacheManager, get_cache_manager
from common.redis.client import HealthResult, RedisClient, get_redis_client
from common.redis.limiter import Decision, Limit, RateLimiter, WithoutRedis, get_rate_limiter

__all__ = [
    "CacheManager",
    "Decision",
    "HealthResult",
    "Limit",
    "RateLimiter",
    "RedisClient",
    "WithoutRedis",
    "get_cache_manager",
    "get_rate_limiter",
    "get_redis_client",
]
