'use strict';

// Makes the calls that come as JSON on standard input, and says what became of each.
// Errors are told by their fields: the message would show the signed URL.

const { RPCClient } = require('@alicloud/pop-core');

async function outcome(client, { action, params, method }) {
  try {
    return { answer: await client.request(action, params, { method }) };
  } catch (error) {
    const { entry, data, code, name } = error;
    if (!entry) throw error;
    return { error: { code, name, data, status: entry.response.statusCode } };
  }
}

async function main() {
  const { endpoint, accessKeyId, accessKeySecret, calls } = JSON.parse(
    require('fs').readFileSync(0, 'utf8'),
  );
  const client = new RPCClient({
    endpoint, accessKeyId, accessKeySecret, apiVersion: '2014-05-26',
  });
  const outcomes = [];
  for (const call of calls) outcomes.push(await outcome(client, call));
  client.keepAliveAgent.destroy();
  process.stdout.write(JSON.stringify(outcomes));
}

main().catch((error) => {
  process.stderr.write(`${error.name || 'a failure without a name'}\n`);
  process.exitCode = 1;
});
