// Prints what the JavaScript SDK reads; see read.py.
const { parseKnownFiles } = require("@smithy/core/config");
const { fromIni } = require("@aws-sdk/credential-provider-ini");

async function read({ config, credentials, resolve }) {
  const files = { configFilepath: config, filepath: credentials, ignoreCache: true };
  try {
    const profiles = await parseKnownFiles(files);
    if (resolve === undefined) {
      return profiles;
    }
    const found = await fromIni({ profile: resolve, ...files })();
    return {
      [resolve]: {
        aws_access_key_id: found.accessKeyId,
        aws_secret_access_key: found.secretAccessKey,
        aws_session_token: found.sessionToken || "",
        region: profiles[resolve].region || "",
      },
    };
  } catch (error) {
    return { "": { error: String(error) } };
  }
}

(async () => {
  const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const answers = [];
  for (const each of cases) {
    answers.push(await read(each));
  }
  process.stdout.write(JSON.stringify(answers));
})();
