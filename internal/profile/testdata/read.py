"""Prints what botocore reads: lists of {"config", "credentials"} paths come on
standard input, one a line, and for each a list of {profile: {key: value}} or
{"": {"error": …}} goes out. With "resolve", only the credentials that it ends up
with for that profile. The first line says that botocore is there, or what is
missing."""

import json
import sys

try:
    import botocore.session
except ImportError as error:
    sys.exit(print(json.dumps({"missing": str(error)})))
print(json.dumps({"missing": ""}), flush=True)


def read(case):
    # Handlers of events, of which there are none here, take nine tenths of the time.
    session = botocore.session.Session(profile=case.get("resolve"), include_builtin_handlers=False)
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


for line in sys.stdin:
    print(json.dumps([read(case) for case in json.loads(line)]), flush=True)
