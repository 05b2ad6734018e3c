# One image for web, worker, beat, relay and the one-shot migration; docker-compose.yml names the command of each.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

COPY requirements-uv.txt requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
 && uv pip install --system --no-cache --require-hashes --compile-bytecode -r requirements.txt

RUN useradd --system --uid 10001 --home-dir /app countermark && install -d -o countermark /data
ENV MEDIA_ROOT=/data/media BEAT_SCHEDULE=/data/beat STATIC_ROOT=/data/static

COPY . .
USER countermark
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--ws", "websockets-sansio", \
     "--timeout-graceful-shutdown", "20", "--no-server-header", "--log-config", "common/embedded/uvicorn_log.json"]
