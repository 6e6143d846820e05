#!/bin/sh
# Lists the buckets of the server that S3_ENDPOINT names with rclone.
exec rclone --retries 1 --low-level-retries 1 lsd ":s3,provider=Other,env_auth=true,endpoint='$S3_ENDPOINT':"
