import type { QueueFigures } from "../../../live/health/rabbitmq.ts";

/** A classic queue in which nothing happens, and to which no policy applies. */
export const idleQueue: QueueFigures = {
  name: "orders",
  state: "running",
  ready: 0,
  unacknowledged: 0,
  deadLettering: 0,
  consumers: [],
  deliveries: 0,
  redeliveries: 0,
  members: [],
  online: [],
  policy: null,
  operatorPolicy: null,
  declared: {},
  definition: {},
};
