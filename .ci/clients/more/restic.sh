#!/bin/sh
# Looks for a restic repository in a bucket of the server that S3_ENDPOINT names.
exec restic --repo "s3:$S3_ENDPOINT/bucket" --password-command "echo none" --no-cache list keys
