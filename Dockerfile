# sutja in a container: reads pictures, and serves its page. Not root, and the root file system may be read-only.
#   docker build --tag sutja .
#   docker run --rm --read-only --volume "$PWD:/pictures:ro" sutja read photo.jpg
#   docker run --rm --read-only --tmpfs /tmp --publish 127.0.0.1:8000:8000 --volume sutja-corrections:/corrections sutja
# docs/installation.md tells more; compose.yaml serves the page with TLS.
FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE requirements.txt ./
COPY sutja sutja
RUN python -m venv --without-pip /opt/sutja \
    && pip --python /opt/sutja/bin/python install --no-cache-dir --constraint requirements.txt '.[web]'

FROM python:3.11-slim
COPY --from=build /opt/sutja /opt/sutja
RUN useradd --uid 10001 --create-home sutja \
    && install --directory --owner=sutja /corrections /pictures
ENV PATH="/opt/sutja/bin:$PATH"
USER 10001
WORKDIR /pictures
VOLUME /corrections
EXPOSE 8000
HEALTHCHECK --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=5)"]
ENTRYPOINT ["sutja"]
CMD ["serve", "--host", "0.0.0.0", "--corrections", "/corrections"]
