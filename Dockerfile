# A static binary in an empty image, run without root.
#
#   docker build --build-arg VERSION=$(git describe --tags --always) -t portal .
#   docker run -p 127.0.0.1:8080:8080 -v portal-data:/data portal
#
# The image has no shell and no curl, so no HEALTHCHECK either: ask it from
# outside. /healthz says that the process lives, /readyz that it can serve.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN make build VERSION=$VERSION && mkdir /data

FROM scratch
# The provider is reached by https. Time zones are in the binary.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /src/portal /portal
# The volume starts as a copy of this folder, so it belongs to the user below.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
# What the portal writes is here: the database, the sandbox's state, and the
# temporary files for which an empty image has no /tmp.
VOLUME /data
WORKDIR /data
ENV TMPDIR=/data \
    DATABASE_URL=/data/portal.db \
    PORTAL_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["/portal"]
CMD ["serve"]
