# `sutja serve` in a container, with the corrections in a volume:
#   docker build -t sutja .
#   docker run --rm -p 127.0.0.1:8000:8000 -v sutja-corrections:/corrections sutja
# With another address than localhost, append: sutja serve --host 0.0.0.0 --corrections /corrections --allow-host ADDRESS
FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY sutja sutja
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY requirements.txt /wheels/
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --constraint /wheels/requirements.txt "$(ls /wheels/sutja-*.whl)[web]" \
    && useradd --create-home sutja \
    && install --directory --owner=sutja /corrections
USER sutja
VOLUME /corrections
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=5)"]
CMD ["sutja", "serve", "--host", "0.0.0.0", "--corrections", "/corrections"]
