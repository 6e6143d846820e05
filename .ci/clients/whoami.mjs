#!/usr/bin/env node
// What ci/clients/whoami does, with the AWS SDK for JavaScript: the last one that Debian's Node.js 18 runs.
import { parseArgs } from "node:util";
import { setTimeout } from "node:timers/promises";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const { values, positionals } = parseArgs({
  options: { for: { type: "string", default: "0" } },
  allowPositionals: true,
});
const profiles = positionals.length > 0 ? positionals : [undefined];
const clients = profiles.map((profile) => new STSClient({ profile }));
const end = Date.now() + Number(values.for) * 1000;
for (;;) {
  const last = Date.now() >= end;
  const identities = await Promise.all(clients.map((client) => client.send(new GetCallerIdentityCommand({}))));
  if (last) {
    identities.forEach(({ Arn }, i) => console.log(profiles[i] ?? "default", Arn));
    break;
  }
  await setTimeout(100);
}
