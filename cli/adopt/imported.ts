import { type Deployment, logicalName, mapIn, type StateResource, type Values } from "../drift/state.ts";

const BINDING = "rabbitmq:index/binding:Binding";
const QUEUE = "rabbitmq:index/queue:Queue";

/**
 * The state after `pulumi import` as our program says it. The provider reads the arguments of a queue or a binding as a map where the
 * program gives JSON, and takes the one for a change of the other, which would replace what has them.
 */
export function asDeclared(deployment: Deployment): Deployment {
  return { ...deployment, resources: (deployment.resources ?? []).map(declaredResource) };
}

const declaredResource = (resource: StateResource): StateResource =>
  resource.type === BINDING ? declaredBinding(resource) : declaredQueue(resource);

/** A binding's name ends with its arguments as the program writes them; the provider reads texts alone, and all of them only where they are. */
function declaredBinding(resource: StateResource): StateResource {
  const { arguments: _, ...inputs } = resource.inputs ?? {};
  const { source, destination, routingKey = "" } = inputs;
  const [name, beginning] = [logicalName(resource.urn), `${destination}/${source}/${routingKey}/`];
  if (inputs.argumentsJson !== undefined || !name.startsWith(`${beginning}{`)) return resource;
  const argumentsJson = name.slice(beginning.length);
  // The provider keeps a note of how it read them (__pulumi_raw_state_delta), which does not fit any more: it would panic.
  const { arguments: __, __pulumi_raw_state_delta: ___, ...outputs } = resource.outputs ?? {};
  return { ...resource, inputs: { ...inputs, argumentsJson }, outputs: { ...outputs, argumentsJson } };
}

function declaredQueue(resource: StateResource): StateResource {
  const { arguments: given, ...settings } = mapIn(resource.inputs?.settings);
  if (resource.type !== QUEUE || given === undefined || settings.argumentsJson !== undefined) return resource;
  const said = { autoDelete: false, ...settings, argumentsJson: JSON.stringify(mapIn(given)) };
  // What else the provider knows of it, it reads at the next refresh.
  const outputs: Values = { name: resource.inputs!.name, vhost: resource.inputs!.vhost, settings: said };
  return { ...resource, inputs: { ...resource.inputs, settings: { __defaults: [], ...said } }, outputs };
}
