# One image for web, workers, beat, relay and the one-shot set-up; docker-compose.yml names the command of each.

# --- what is installed, by hash ---------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements-uv.txt requirements.txt ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
 && /venv/bin/python -m uv pip install --python /venv/bin/python --no-cache --require-hashes --compile-bytecode -r requirements.txt
COPY . .
# Static files get their digest into their name. The settings want values; no server is asked.
RUN SECRET_KEY=build CONTEXT_KEY=00 LEASE_KEY=00 FIELD_KEYS=00 DATABASE_URL=postgresql://cm_app@none/none \
    REDIS_CACHE_URL=redis://none/0 REDIS_BROKER_URL=redis://none/1 REDIS_CHANNELS_URL=redis://none/2 \
    STATIC_ROOT=/static STATIC_HASHED=true /venv/bin/python manage.py collectstatic --no-input --verbosity 0

# --- what runs --------------------------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin countermark \
 && install -d -o countermark -g countermark /data /backups
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MEDIA_ROOT=/data/media BEAT_SCHEDULE=/data/beat STATIC_ROOT=/static STATIC_HASHED=true
USER countermark
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--ws", "websockets-sansio", \
     "--ws-max-size", "65536", "--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "20", "--no-server-header", "--no-proxy-headers", \
     "--log-config", "common/embedded/uvicorn_log.json"]
