import * as docker from "./docker.ts";
import type { Guarded } from "./guarded.ts";
import * as kafka from "./kafka.ts";
import * as rabbitmq from "./rabbitmq.ts";
import * as redis from "./redis.ts";
import * as sqs from "./sqs.ts";

/** What stands before each type of resource. */
export const guardedTypes: Record<string, Guarded> = {
  "rabbitmq:index/vHost:VHost": rabbitmq.vhost,
  "rabbitmq:index/exchange:Exchange": rabbitmq.exchange,
  "rabbitmq:index/queue:Queue": rabbitmq.queue,
  "rabbitmq:index/binding:Binding": rabbitmq.binding,
  "rabbitmq:index/user:User": rabbitmq.user,
  "rabbitmq:index/policy:Policy": rabbitmq.policy,
  "docker:index/container:Container": docker.container,
  "docker:index/volume:Volume": docker.volume,
  ...kafka.guarded,
  ...sqs.guarded,
  ...redis.guarded,
};
