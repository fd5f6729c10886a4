// Drives the TypeScript SDK for typescript_sdk_test.go: each line of standard input is a call, each line of standard output what came of it.
// The end of the input is the end of the driver.

import { createInterface } from 'node:readline';
import ecs from '@alicloud/ecs20140526';
import { $OpenApiUtil } from '@alicloud/openapi-core';

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await call(JSON.parse(line))) + '\n');
}

// call does what a user of the SDK does, and shows what the user gets: the body of the response as the SDK read it, with its fields named as on
// the wire, or the error that was thrown.
async function call({ config, action, request }) {
  const client = new ecs.default(new $OpenApiUtil.Config(config));
  const method = action[0].toLowerCase() + action.slice(1);
  try {
    const { body } = await client[method](new ecs[`${action}Request`](request));
    return { body: body.toMap() };
  } catch ({ name, message, code, statusCode, requestId, data }) {
    return { error: { name, message, code, statusCode, requestId, data } };
  }
}
