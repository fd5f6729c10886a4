# The base images can be replaced, by a mirror's or by stand-ins: docker build --build-arg GO_IMAGE=... .
ARG GO_IMAGE=golang:1.26
ARG RUNTIME_IMAGE=scratch

FROM ${GO_IMAGE} AS build
WORKDIR /src
# The modules are a layer of their own, downloaded again only when they change.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/enisim ./cmd/enisim

FROM ${RUNTIME_IMAGE}
COPY --from=build /out/enisim /usr/local/bin/enisim
# A number, because scratch has no names. The server writes no files: its state is in Postgres.
USER 65532:65532
ENV PATH=/usr/local/bin:/usr/bin:/bin
EXPOSE 8080
# There is no shell and no curl in here, so the binary asks itself.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["enisim", "health"]
ENTRYPOINT ["enisim"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
