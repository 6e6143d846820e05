#!/usr/bin/python3
"""What ci/clients/whoami does, with boto3. Debian's knows no AWS_ENDPOINT_URL_STS and is told the endpoint."""
import argparse
import os
import time

import boto3

arguments = argparse.ArgumentParser()
arguments.add_argument("--for", dest="seconds", type=int, default=0)
arguments.add_argument("profiles", nargs="*")
options = arguments.parse_args()

clients = {
    profile or "default": boto3.Session(profile_name=profile).client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL_STS"])
    for profile in options.profiles or [None]
}
end = time.monotonic() + options.seconds
while True:
    identities = {profile: client.get_caller_identity() for profile, client in clients.items()}
    if time.monotonic() >= end:
        break
    time.sleep(0.1)
for profile, identity in identities.items():
    print(profile, identity["Arn"])
