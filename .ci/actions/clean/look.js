const { existsSync, readdirSync, statSync } = require("node:fs");
const { dirname, join } = require("node:path");

const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
const files = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
const state = join(dirname(process.env.GITHUB_ENV), "aws-oidc-action"); // where act has it

// A variable cannot be unset: after the last post step, these name empty files.
const emptied = files.map((name) => process.env[name]).filter((path) => path && dirname(path) === state && existsSync(path) && statSync(path).size === 0);
const found = [
  ...keys.filter((name) => process.env[name]),
  ...files.filter((name) => process.env[name] && !emptied.includes(process.env[name])),
  ...(existsSync(state) ? readdirSync(state).map((name) => join(state, name)).filter((path) => !emptied.includes(path)) : []),
];
if (found.length > 0) {
  console.log(`::error::the job has ${found.join(", ")}`);
  process.exit(1);
}
console.log("the job has nothing of a login");
