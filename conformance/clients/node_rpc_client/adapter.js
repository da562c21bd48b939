'use strict';

// @alicloud/rpc-client, with the options it has by itself.

const { RuntimeOptions } = require('@alicloud/tea-util');
const { default: Client, Config } = require('@alicloud/rpc-client');
const { failure, serve, success } = require('lines');

async function call(asked) {
  if (asked.ca_file) {
    return { outcome: 'unsupported', message: 'the library takes no certificate authority' };
  }
  const { protocol, host } = new URL(asked.endpoint);
  const scheme = protocol.slice(0, -1);
  const milliseconds = Math.round(asked.deadline_seconds * 1000);
  const client = new Client(new Config({
    accessKeyId: asked.access_key_id,
    accessKeySecret: asked.access_key_secret,
    regionId: asked.region,
    endpoint: host,
    protocol: scheme,
    connectTimeout: milliseconds,
    readTimeout: milliseconds,
  }));
  const query = { RegionId: asked.region, InstanceId: asked.instance_id };
  if ('force_stop' in asked) query.ForceStop = String(asked.force_stop);
  try {
    const answer = await client.doRequest(
      'RedeployInstance', scheme, 'POST', '2014-05-26', 'AK', query, null, new RuntimeOptions({}),
    );
    return success(answer.TaskId, answer.RequestId);
  } catch (error) {
    return failure(error, {
      code: error.code ?? null,
      http_status: error.statusCode ?? null,
      request_id: error.data?.RequestId ?? null,
    });
  }
}

serve('@alicloud/rpc-client', 'v1', call);
