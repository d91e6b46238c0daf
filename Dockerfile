# docker build -t cdnetworks-gateway .
#
# The base is Debian's slim image of Node 24; any image with node, npm and env will do. To pin it, so that a build next year is this
# one, give its digest (`docker buildx imagetools inspect node:24-bookworm-slim` shows it):
#   docker build --build-arg NODE_IMAGE=docker.io/library/node:24-bookworm-slim@sha256:... .
# Behind a registry or a certificate authority of your own: --secret id=npmrc,src=$HOME/.npmrc
#
# It runs with a read-only root and needs no folder to write in, unless the configuration names one (store.journal, audit.file):
#   docker run --read-only --cap-drop ALL -v "$PWD/gateway:/etc/cdnetworks-gateway:ro" -p 127.0.0.1:8080:8080 cdnetworks-gateway
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
RUN npm run build && chmod 0755 dist/main.js && npm prune --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cdnetworks-gateway" \
      org.opencontainers.image.description="A reverse proxy that signs calls to the CDNetworks API and keeps its quotas." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
COPY LICENSE package.json /app/
COPY config/gateway.yaml config/gateway.first.yaml config/interfaces.json /app/config/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
# The gateway installs nothing, so nobody else needs the means to.
RUN ln -s /app/dist/main.js /usr/local/bin/cdnetworks-gateway \
 && rm -rf /usr/local/lib/node_modules /opt/yarn-* \
 && rm -f /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
# Where gateway.yaml is looked for; paths in it start here.
WORKDIR /etc/cdnetworks-gateway
# A number, because Kubernetes can't tell of a name that it isn't root.
USER 65532:65532
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["cdnetworks-gateway", "healthcheck"]
ENTRYPOINT ["cdnetworks-gateway"]
CMD ["serve"]
