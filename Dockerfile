# One image for every process: the webserver, the daemon, the API server and the workers.
FROM python:3.11-slim AS build
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY kb_contract kb_contract
COPY dagster_kb dagster_kb
COPY graph graph
COPY kb kb
ARG PIP_ARGS=""
RUN python -m venv /app/.venv \
 && /app/.venv/bin/pip install --no-cache-dir ${PIP_ARGS} --constraint constraints.txt .

FROM python:3.11-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client tesseract-ocr \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 scriptorium
WORKDIR /app
COPY --from=build /app/.venv /app/.venv
COPY workspace.yaml ./
COPY deploy deploy
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 KB_HOME=/var/lib/scriptorium
RUN mkdir -p /var/lib/scriptorium && chown scriptorium /var/lib/scriptorium
USER scriptorium
# So that neither the first question nor a small change waits for torch to load.
RUN python -m kb_contract.sentence_models.exporting
ENTRYPOINT ["kb"]
CMD ["--help"]
