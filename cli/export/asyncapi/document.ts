import { type Flow, flowsOf } from "../flow.ts";
import type { Source } from "../source.ts";
import { headerSchemas } from "./headers.ts";
import { ref } from "./ids.ts";
import { kafkaPart } from "./kafka.ts";
import { broadcast, messagesOf } from "./messages.ts";
import type { Channel, Part } from "./model.ts";
import { rabbitmqPart } from "./rabbitmq.ts";
import { redisPart } from "./redis.ts";
import { type Server, securitySchemes, serversOf } from "./servers.ts";
import { sqsPart } from "./sqs.ts";

/** The AsyncAPI 3.0 document of a skill: every channel of every broker, and what each app does on it. */
export function asyncapiDocument(source: Source) {
  const { skill, environment } = source;
  const flows = flowsOf(skill, { rabbitmqVersion: environment?.rabbitmq?.version });
  const of = (broker: Flow["broker"]) => flows.filter((flow) => flow.broker === broker);
  const parts: [Flow["broker"], Part][] = [
    ["rabbitmq", rabbitmqPart(skill.rabbitmq, of("rabbitmq"))],
    ["kafka", kafkaPart(skill.kafka, of("kafka"))],
    ["sqs", sqsPart(skill.sqs, of("sqs"))],
    ["redis", redisPart(of("redis"))],
  ];
  const servers = serversOf(source);
  const used = parts.filter(([, { channels }]) => Object.keys(channels).length > 0).map(([broker]) => broker);
  return {
    asyncapi: "3.0.0",
    info: {
      title: skill.name,
      version: skill.version,
      description: `Generated from the skill${environment ? ` for the environment ${environment.name}` : ""} by messaging export --asyncapi. Do not edit.`,
    },
    ...(Object.keys(servers).length > 0 && { servers }),
    channels: Object.assign({}, ...parts.map(([broker, { channels }]) => served(broker, channels, servers))),
    operations: Object.assign({}, ...parts.map(([, { operations }]) => operations)),
    components: {
      messages: { ...messagesOf(used), ...(used.includes("redis") && { redisBroadcast: broadcast }) },
      schemas: {
        payload: { description: "The app's own: any bytes." },
        ...headerSchemas,
      },
      ...(Object.keys(servers).length > 0 && { securitySchemes }),
    },
  };
}

/** The channels with the servers that they are on. */
function served(
  broker: Flow["broker"],
  channels: Record<string, Channel>,
  servers: Record<string, Server>,
): Record<string, Channel> {
  const on = (channel: Channel) => {
    const instance = (channel["x-redis"] as { instance: string } | undefined)?.instance;
    const id = instance === undefined ? broker : `${broker}-${instance}`;
    return Object.keys(servers).filter(
      (server) => server === id || /^(kafka|rabbitmq)-\d+$/.exec(server)?.[1] === broker,
    );
  };
  return Object.fromEntries(
    Object.entries(channels).map(([id, channel]) => {
      const refs = on(channel).map((server) => ref("servers", server));
      return [id, refs.length > 0 ? { ...channel, servers: refs } : channel];
    }),
  );
}
