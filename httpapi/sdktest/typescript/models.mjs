// Prints the names of the fields of the TypeScript SDKs' response models, for replies_test.go: for each product:Action an object, in which a
// list stands for its items and anything else is the name of a type.

import ecs from '@alicloud/ecs20140526';
import vpc from '@alicloud/vpc20160428';

const products = { ecs, vpc };

function shape(type) {
  if (type && type.type === 'array') return shape(type.itemType);
  if (typeof type !== 'function') return String(type);
  const types = type.types();
  return Object.fromEntries(Object.entries(type.names()).map(([property, name]) => [name, shape(types[property])]));
}

const shapes = {};
for (const action of process.argv.slice(2)) {
  const [product, name] = action.split(':');
  const model = products[product]?.[`${name}ResponseBody`];
  if (model) shapes[action] = shape(model);
}
process.stdout.write(JSON.stringify(shapes));
