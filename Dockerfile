# syntax=docker/dockerfile:1
# To pin it to the bit, put the digest behind the tag: python:3.13.9-slim-bookworm@sha256:…, as
# `docker buildx imagetools inspect python:3.13.9-slim-bookworm` shows it.
FROM python:3.13.9-slim-bookworm AS build
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/run.txt
# What is in here, for whoever has to know; it ends the build where a licence is not permitted.
WORKDIR /src
COPY pyproject.toml LICENSE NOTICE ./
COPY requirements/run.txt requirements/sbom.py requirements/
RUN /venv/bin/python requirements/sbom.py /about

# What makes free drafts: `docker build --target engine`.
FROM python:3.13.9-slim-bookworm AS engine
COPY requirements/engine.txt /tmp/engine.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/engine.txt \
    && useradd --create-home --uid 10001 marionette
WORKDIR /app
COPY engine engine
RUN python -m engine weights && python -m compileall -q engine
USER marionette
EXPOSE 8090
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "engine"]

FROM python:3.13.9-slim-bookworm
RUN useradd --create-home --uid 10001 marionette && install -d -m 700 -o marionette -g marionette /data
COPY --from=build /venv /venv
COPY --from=build /about /app
WORKDIR /app
COPY bot bot
COPY cogs cogs
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data HTTP_HOST=0.0.0.0 HTTP_PORT=8080
# nobody may write here later
RUN python -m compileall -q bot cogs
USER marionette
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import os, urllib.request as r; port = os.environ['HTTP_PORT'].strip('\"' + chr(39)); r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot", "run"]
