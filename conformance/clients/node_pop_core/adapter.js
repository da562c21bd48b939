'use strict';

// @alicloud/pop-core, with the options it has by itself.

const fs = require('fs');
const https = require('https');
const { RPCClient } = require('@alicloud/pop-core');
const { failure, serve, success } = require('lines');

async function call(asked) {
  const opts = { timeout: Math.round(asked.deadline_seconds * 1000) };
  if (asked.ca_file) {
    opts.agent = new https.Agent({ ca: fs.readFileSync(asked.ca_file) });
  }
  const client = new RPCClient({
    endpoint: asked.endpoint,
    accessKeyId: asked.access_key_id,
    accessKeySecret: asked.access_key_secret,
    apiVersion: '2014-05-26',
    opts,
  });
  const params = { RegionId: asked.region, InstanceId: asked.instance_id };
  if ('force_stop' in asked) params.ForceStop = asked.force_stop;
  try {
    const answer = await client.request('RedeployInstance', params);
    return success(answer.TaskId, answer.RequestId);
  } catch (error) {
    return failure(error, {
      code: error.code ?? null,
      http_status: error.entry?.response.statusCode ?? null,
      request_id: error.data?.RequestId ?? null,
    });
  }
}

serve('@alicloud/pop-core', 'v1', call);
