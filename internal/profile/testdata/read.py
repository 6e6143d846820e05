"""Prints what botocore reads: a list of {"config", "credentials"} paths comes on
standard input, a list of {profile: {key: value}} or {"": {"error": …}} goes out.
With "resolve", only the credentials that it ends up with for that profile."""

import json
import sys

import botocore.session


def read(case):
    session = botocore.session.Session(profile=case.get("resolve"))
    session.set_config_variable("config_file", case["config"])
    session.set_config_variable("credentials_file", case["credentials"])
    try:
        if "resolve" in case:
            found = session.get_credentials().get_frozen_credentials()
            return {case["resolve"]: {
                "aws_access_key_id": found.access_key,
                "aws_secret_access_key": found.secret_key,
                "aws_session_token": found.token or "",
                "region": session.get_config_variable("region") or "",
            }}
        return {
            name: {key: value for key, value in values.items() if isinstance(value, str)}
            for name, values in session.full_config["profiles"].items()
        }
    except Exception as error:
        return {"": {"error": str(error)}}


json.dump([read(case) for case in json.load(sys.stdin)], sys.stdout)
