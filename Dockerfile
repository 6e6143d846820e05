# The builder is the official Go image in its Alpine form: nothing here needs a C compiler or a shell,
# and every job that builds this file pulls the builder first, so the smallest one wins.
# Pin it in your fork or release build: --build-arg BUILDER=golang:1.26-alpine@sha256:…
ARG BUILDER=golang:1.26-alpine

FROM ${BUILDER} AS build
ENV CGO_ENABLED=0
WORKDIR /src
# Modules get no layer of their own: a runner builds this file without any cached layer, and go mod download
# would fetch also those that only tests need.
COPY . .
# Set where a release is published; a runner that builds this file for a job sets neither.
ARG RELEASE
ARG COMMIT
# By way of GOFLAGS, because the exec form of RUN expands no variables.
ENV GOFLAGS="'-ldflags=-s -w -X github.com/org/aws-oidc-action/internal/cli.release=${RELEASE} -X github.com/org/aws-oidc-action/internal/cli.commit=${COMMIT}'"
# Neither STS nor the token endpoint needs HTTP/2, and a program that waits for the network needs no inlining:
# without both the image is a fifth smaller.
RUN ["go", "build", "-trimpath", "-tags=nethttpomithttp2", "-gcflags=all=-l", "-o", "/aws-oidc-action", "."]

# No CA certificates are copied: the program carries Mozilla's roots (internal/transport).
FROM scratch
COPY --from=build /aws-oidc-action /aws-oidc-action
# The program's second name, /post: a link, as nothing in this image could make one.
COPY image/ /
ENTRYPOINT ["/aws-oidc-action"]
