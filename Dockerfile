# One image for every process of Almanac; which one it is, is the command's choice (see compose.yaml).
FROM node:22-bookworm-slim AS pages
WORKDIR /almanac
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY calendar_app/static calendar_app/static
COPY templates templates
RUN npm run build

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /opt/almanac
COPY pyproject.toml README.md LICENSE ./
COPY calendar_app calendar_app
COPY publishers publishers
COPY media media
COPY workers workers
COPY templates templates
# The pages' templates lie beside the packages, so the image keeps the folder that it installs from.
RUN pip install --editable . \
    && pybabel compile --directory calendar_app/translations
COPY --from=pages /almanac/calendar_app/static/dist calendar_app/static/dist

# Uploads are a volume that takes its owner from this folder; the data folder holds nothing that must last.
RUN useradd --system --create-home --uid 10001 almanac \
    && install --directory --owner=almanac --mode=700 /srv/almanac /srv/almanac/data /srv/almanac/media
ENV ALMANAC_DATA=/srv/almanac/data ALMANAC_MEDIA=/srv/almanac/media ALMANAC_LOG_FORMAT=json
# The number of the user almanac: an orchestrator can tell that it is not root.
USER 10001
EXPOSE 8100
STOPSIGNAL SIGTERM
ENTRYPOINT ["almanac"]
CMD ["--help"]
