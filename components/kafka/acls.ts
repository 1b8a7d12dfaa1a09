import { deadLetterTopicName, type KafkaSkill } from "../../skill/index.ts";
import type { FormerKafka } from "../former.ts";
import { placeOf } from "./former.ts";
import { retryTopicsOf } from "./retryTopics.ts";

/** One literal "allow" of an app, from any host. Write and Read include Describe. */
export interface Grant {
  resourceType: "Topic" | "Group";
  resourceName: string;
  operation: "Read" | "Write";
}

/** The grants of every app that produces or consumes, by app; each of them once. Apps keep what they had by earlier outputs. */
export function toGrants(kafka: KafkaSkill, former: readonly FormerKafka[] = []): Record<string, Grant[]> {
  const grants = new Map<string, Map<string, Grant>>();
  const allow = (
    app: string,
    resourceType: Grant["resourceType"],
    resourceName: string,
    operation: Grant["operation"],
  ) => {
    const own = grants.get(app) ?? new Map<string, Grant>();
    grants.set(app, own.set(`${resourceType}/${resourceName}/${operation}`, { resourceType, resourceName, operation }));
  };
  const allowRetries = (app: string, place: string) => {
    allow(app, "Topic", place, "Read");
    allow(app, "Topic", place, "Write");
  };
  for (const [name, topic] of Object.entries(kafka.topics)) {
    for (const app of topic.producers) allow(app, "Topic", name, "Write");
    for (const [group, consumer] of Object.entries(topic.consumers)) {
      const { app } = consumer;
      allow(app, "Topic", name, "Read");
      allow(app, "Group", group, "Read");
      for (const { place } of retryTopicsOf(name, group, consumer)) allowRetries(app, place);
      allow(app, "Topic", deadLetterTopicName(name, group), "Write");
    }
  }
  for (const { app, retries } of former) {
    for (const one of retries) if (Object.hasOwn(kafka.topics, one.topic)) allowRetries(app, placeOf(one));
  }
  return Object.fromEntries([...grants].map(([app, own]) => [app, [...own.values()]]));
}

/** A grant to a user as the provider takes it. */
export function toAclArgs(user: string, { resourceType, resourceName, operation }: Grant) {
  return {
    aclResourceType: resourceType,
    aclResourceName: resourceName,
    resourcePatternTypeFilter: "Literal",
    aclPrincipal: `User:${user}`,
    aclHost: "*",
    aclOperation: operation,
    aclPermissionType: "Allow",
  };
}
