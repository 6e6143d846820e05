"""Creates the roles of generated JSON files in moto's server: create_roles.py DIRECTORY

A bare trust policy is given to create-role as its document; of a file with Roles and Policies, each is the whole input of
create-role or put-role-policy. One file of each kind goes through the AWS CLI too, as people would do it.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import boto3
from moto.server import ThreadedMotoServer
from moto.utilities.utils import PARTITION_NAMES

ENVIRONMENT = dict(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-central-1", AWS_EC2_METADATA_DISABLED="true")


def cli(endpoint, operation, option, document, *arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(document)
        file.flush()
        command = ["aws", "--endpoint-url", endpoint, "iam", operation, *arguments, option, f"file://{file.name}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main():
    os.environ.update(ENVIRONMENT)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    endpoint = "http://%s:%d" % server.get_host_and_port()
    iam = boto3.client("iam", endpoint_url=endpoint)
    created = put = skipped = 0
    tried = set()
    for number, path in enumerate(sorted(pathlib.Path(sys.argv[1]).glob("*.json"))):
        document = path.read_text().replace("ACCOUNT_ID", "123456789012").replace("REGION", "eu-central-1")  # as its note says
        inputs = json.loads(document)
        bare = "Statement" in inputs
        roles = [{"RoleName": "bare", "AssumeRolePolicyDocument": document}] if bare else inputs["Roles"]
        for role in roles:
            role["Path"] = f"/{number}/"  # the files have the same names, as in accounts of their own
            role["RoleName"] = f"{number}-" + role["RoleName"]
            iam.create_role(**role)
            created += 1
        for policy in inputs.get("Policies", []):
            if not set(re.findall(r"arn:(aws[a-z-]*):", policy["PolicyDocument"])) <= set(PARTITION_NAMES):
                skipped += 1  # of a partition that moto does not know
                continue
            iam.put_role_policy(**{**policy, "RoleName": f"{number}-" + policy["RoleName"]})
            put += 1
        if bare in tried:
            continue
        tried.add(bare)
        if bare:
            cli(endpoint, "create-role", "--assume-role-policy-document", document, "--role-name", "cli")
            continue
        inputs = json.loads(document)
        cli(endpoint, "create-role", "--cli-input-json", json.dumps(inputs["Roles"][0]))
        cli(endpoint, "put-role-policy", "--cli-input-json", json.dumps(inputs["Policies"][0]))
    server.stop()
    if tried != {True, False} or not put:
        sys.exit(f"not all kinds of files were there: {tried}, {put} policies")
    print(f"created {created} roles with {put} policies; of partitions unknown to moto: {skipped} policies")


main()
