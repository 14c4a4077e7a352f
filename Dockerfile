# The page and the HTTP API:  docker build -t inkread . && docker run --rm -p 127.0.0.1:8000:8000 inkread
FROM python:3.12-slim AS build
COPY . /source
RUN python -m venv /opt/inkread && /opt/inkread/bin/pip install --no-cache-dir '/source[serve]'

FROM python:3.12-slim
COPY --from=build /opt/inkread /opt/inkread
RUN useradd --system --no-create-home --uid 10001 inkread
USER inkread
ENV PATH=/opt/inkread/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
# Exec form: SIGTERM reaches the server, which answers what has come before it ends.
ENTRYPOINT ["inkread", "serve", "--host", "0.0.0.0"]
