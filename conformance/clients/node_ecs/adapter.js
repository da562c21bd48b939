'use strict';

// @alicloud/ecs20140526 (Tea), with the options it has by itself.

const fs = require('fs');
const { default: Client, RedeployInstanceRequest } = require('@alicloud/ecs20140526');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const { RuntimeOptions } = require('@darabonba/typescript');
const { failure, serve, success } = require('lines');

async function call(asked) {
  const { protocol, host } = new URL(asked.endpoint);
  const milliseconds = Math.round(asked.deadline_seconds * 1000);
  const client = new Client(new $OpenApiUtil.Config({
    accessKeyId: asked.access_key_id,
    accessKeySecret: asked.access_key_secret,
    regionId: asked.region,
    endpoint: host,
    protocol: protocol.slice(0, -1),
    connectTimeout: milliseconds,
    readTimeout: milliseconds,
    ca: asked.ca_file && fs.readFileSync(asked.ca_file, 'utf8'),
  }));
  const wanted = new RedeployInstanceRequest({
    instanceId: asked.instance_id,
    forceStop: asked.force_stop,
  });
  const again = asked.attempts && { autoretry: true, maxAttempts: asked.attempts };
  try {
    const { body } = await client.redeployInstanceWithOptions(wanted, new RuntimeOptions({ ...again }));
    return success(body?.taskId, body?.requestId); // a success may have nothing in it
  } catch (error) {
    return failure(error, {
      code: error.code ?? null,
      http_status: error.statusCode ?? null,
      request_id: error.requestId ?? null,
    });
  }
}

serve('@alicloud/ecs20140526', 'v3', call, { options: ['attempts'] });
