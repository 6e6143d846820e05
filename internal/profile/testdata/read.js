// Prints what the JavaScript SDK reads; see read.py.
let parseKnownFiles, fromIni;
try {
  ({ parseKnownFiles } = require("@smithy/core/config"));
  ({ fromIni } = require("@aws-sdk/credential-provider-ini"));
} catch (error) {
  console.log(JSON.stringify({ missing: String(error).split("\n")[0] }));
  process.exit();
}

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
  console.log(JSON.stringify({ missing: "" }));
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    const answers = [];
    for (const each of JSON.parse(line)) {
      answers.push(await read(each));
    }
    console.log(JSON.stringify(answers));
  }
})();
