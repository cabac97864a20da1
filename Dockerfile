ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS tools
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app/.venv
RUN python -m venv /uv && /uv/bin/pip install --no-cache-dir --quiet uv==0.13.9
ENV PATH=/app/.venv/bin:/uv/bin:$PATH
WORKDIR /app
COPY pyproject.toml uv.lock README.md ./

FROM tools AS made
RUN uv sync --frozen --quiet --only-group dev
COPY router/entrypoints/graphiql router/entrypoints/graphiql
RUN cd router/entrypoints/graphiql && npm ci --no-audit --no-fund --loglevel=error && npm run build && touch assets/.built
COPY subgraphs/__init__.py subgraphs/
COPY subgraphs/records/__init__.py subgraphs/records/
COPY subgraphs/records/codes subgraphs/records/codes
RUN python -m subgraphs.records.codes.make

FROM tools AS installed
RUN uv sync --frozen --quiet --no-dev --no-install-project --compile-bytecode
COPY hospital hospital
COPY router router
COPY schema schema
COPY subgraphs subgraphs
COPY workers workers
COPY --from=made /app/router/entrypoints/graphiql/assets router/entrypoints/graphiql/assets
COPY --from=made /app/subgraphs/records/codes/icd10cm.tsv subgraphs/records/codes/
RUN uv sync --frozen --quiet --no-dev && python -m compileall -q hospital router schema subgraphs workers

FROM ${PYTHON}
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hospital && install -d -o hospital -m 700 /data /keys
COPY deploy/ready /usr/local/bin/ready
COPY --from=installed /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOSPITAL_DATA=/data
WORKDIR /tmp
USER 10001:10001
ENTRYPOINT ["hospital"]
