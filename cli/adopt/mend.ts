import { type Deployment, mapIn, type StateResource, type Values } from "../drift/state.ts";

const QUEUE = "rabbitmq:index/queue:Queue";

/**
 * The state after `pulumi import` as our program says it. The provider reads a queue's arguments as a map where the program gives JSON, and
 * takes the one for a change of the other, which would replace the queue.
 */
export function mended(deployment: Deployment): Deployment {
  return { ...deployment, resources: (deployment.resources ?? []).map(mendedQueue) };
}

function mendedQueue(resource: StateResource): StateResource {
  const { arguments: given, ...settings } = mapIn(resource.inputs?.settings);
  if (resource.type !== QUEUE || given === undefined || settings.argumentsJson !== undefined) return resource;
  const said = { autoDelete: false, ...settings, argumentsJson: JSON.stringify(mapIn(given)) };
  // What else the provider knows of it, it reads at the next refresh.
  const outputs: Values = { name: resource.inputs!.name, vhost: resource.inputs!.vhost, settings: said };
  return { ...resource, inputs: { ...resource.inputs, settings: { __defaults: [], ...said } }, outputs };
}
