const { existsSync } = require("node:fs");
const { dirname, join } = require("node:path");

const variables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
];
const state = join(dirname(process.env.GITHUB_ENV), "aws-oidc-action"); // where act has it
const found = [...variables.filter((name) => process.env[name]), ...[state].filter(existsSync)];
if (found.length > 0) {
  console.log(`::error::the job has ${found.join(", ")}`);
  process.exit(1);
}
console.log("the job has nothing of a login");
