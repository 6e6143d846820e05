#!/bin/sh
# Lists the buckets of the server that S3_ENDPOINT names with s3cmd.
host=${S3_ENDPOINT#http://}
exec s3cmd --host="$host" --host-bucket= --no-ssl --region="$AWS_REGION" ls
