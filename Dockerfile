# sutja in a container: reads pictures, and serves its page. Not root, and the root file system may be read-only.
#   docker build --tag sutja .
#   docker run --rm --read-only --volume "$PWD:/pictures:ro" sutja read photo.jpg
#   docker run --rm --read-only --tmpfs /tmp --publish 127.0.0.1:8000:8000 --volume sutja-corrections:/corrections sutja
# docs/installation.md tells more; compose.yaml serves the page with TLS.
FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE requirements.txt ./
COPY sutja sutja
# Tests of packages, tools that make models, and ONNX Runtime's library for C, which Python does not load, stay behind.
# Python compiles a module when it is first imported: that is done here, as nothing can be written later.
RUN python -m venv --without-pip /opt/sutja \
    && pip --python /opt/sutja/bin/python install --no-cache-dir --no-compile --constraint requirements.txt '.[web]' \
    && find /opt/sutja -depth -type d \( -name tests -o -path '*/onnxruntime/transformers' \
        -o -path '*/onnxruntime/quantization' -o -path '*/onnxruntime/tools' \) -exec rm -r {} + \
    && find /opt/sutja -name 'libonnxruntime.so.*' -delete \
    && /opt/sutja/bin/python -c "import sutja.cli.read, sutja.cli.serve, sutja.reading.batch, sutja.web.app, sutja.web.server"

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
