# The builder is the official Go image in its Alpine form: nothing here needs a C compiler or a shell, and every
# job that builds this file pulls the builder first, so the smallest one wins. Its version is that of the toolchain
# in go.mod. It is not an ARG, because Dependabot would not see it then.
#
# This stage is the recipe of the release as well: release/recipe.go reads it and builds the same bytes without
# Docker. So everything that decides bytes is set here, also what is Go's default today.
FROM golang:1.26.11-alpine AS build
ENV CGO_ENABLED=0
ENV GOAMD64=v1
ENV GOARM64=v8.0
ENV GOEXPERIMENT=
ENV GOFIPS140=off
WORKDIR /src
# Modules get no layer of their own: a runner builds this file without any cached layer, and go mod download
# would fetch also those that only tests need.
COPY . .
# Set in a release, to the version and its source commit; a runner that builds this file for a job sets neither.
ARG RELEASE
ARG COMMIT
# By way of GOFLAGS, because the exec form of RUN expands no variables.
ENV GOFLAGS="'-ldflags=-s -w -X github.com/org/aws-oidc-action/internal/cli.release=${RELEASE} -X github.com/org/aws-oidc-action/internal/cli.commit=${COMMIT}'"
# Neither STS nor the token endpoint needs HTTP/2, and a program that waits for the network needs no inlining, but
# for what its start consists of (memory, reflection, regular expressions of AWS's SDK): without both the image is a
# fifth smaller. With -buildvcs the bytes would depend on the tags that a clone has.
RUN ["go", "build", "-trimpath", "-buildvcs=false", "-tags=nethttpomithttp2", "-gcflags=all=-l", "-gcflags=runtime/...=", "-gcflags=internal/runtime/...=", "-gcflags=reflect=", "-gcflags=regexp/...=", "-o", "/aws-oidc-action", "."]

# No CA certificates are copied: the program carries Mozilla's roots (internal/transport).
FROM scratch
COPY --from=build /aws-oidc-action /aws-oidc-action
# The program's second name, /post: a link, as nothing in this image could make one.
COPY image/ /
ENTRYPOINT ["/aws-oidc-action"]
