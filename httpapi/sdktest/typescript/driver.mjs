// Drives the TypeScript SDKs for typescript_sdk_test.go: each line of standard input is a call, each line of standard output what came of one, in
// the order in which they end. The end of the input is the end of the driver.

import { createInterface } from 'node:readline';
import ecs from '@alicloud/ecs20140526';
import vpc from '@alicloud/vpc20160428';
import { $OpenApiUtil } from '@alicloud/openapi-core';

const products = { ecs, vpc };

for await (const line of createInterface({ input: process.stdin })) {
  const { number, ...rest } = JSON.parse(line);
  call(rest).then((outcome) => process.stdout.write(JSON.stringify({ number, ...outcome }) + '\n'));
}

// call does what a user of the SDK does, and shows what the user gets: the body of the response as the SDK read it, with its fields named as on
// the wire, or the error that was thrown.
async function call({ config, product, action, request }) {
  try {
    const sdk = products[product];
    const client = new sdk.default(new $OpenApiUtil.Config(config));
    const method = action[0].toLowerCase() + action.slice(1);
    const { body } = await client[method](build(sdk[`${action}Request`], request));
    return { body: body.toMap() };
  } catch ({ name, message, code, statusCode, requestId, data }) {
    return { error: { name, message, code, statusCode, requestId, data } };
  }
}

// build makes a model of the SDK from fields that are named as on the wire.
function build(Model, fields) {
  const types = Model.types();
  const model = new Model({});
  for (const [property, name] of Object.entries(Model.names())) {
    if (name in fields) model[property] = value(types[property], fields[name]);
  }
  for (const name of Object.keys(fields)) {
    if (!Object.values(Model.names()).includes(name)) throw new Error(`${Model.name} has no ${name}`);
  }
  return model;
}

function value(type, given) {
  if (Array.isArray(given)) return given.map((item) => value(type.itemType, item));
  return typeof type === 'function' ? build(type, given) : given;
}
