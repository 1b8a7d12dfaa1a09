import type { Skill } from "../../skill/index.ts";
import { BROKERS, type Broker } from "./brokers.ts";
import { notesOn } from "./cannot.ts";
import { type Choice, choose } from "./choose.ts";
import { fitted } from "./fit.ts";
import { rolesOf } from "./services.ts";
import { kafkaStanza } from "./stanzas/kafka.ts";
import { rabbitmqStanza } from "./stanzas/rabbitmq.ts";
import { redisStanza } from "./stanzas/redis.ts";
import { sqsStanza } from "./stanzas/sqs.ts";
import { type Document, FALLBACK, type ToStanza } from "./stanzas/stanza.ts";
import { subjectOf } from "./subject.ts";
import { plainText } from "./words.ts";

/** What is proposed for a query. */
export interface Plan extends Choice {
  /** What it is, in a few words. */
  what: string;
  /** What is added to the skill. */
  added: Document;
  /** Comments by path, its keys joined by /. */
  comments: Record<string, string>;
  /** What whoever reviews it should know. */
  advice: string[];
  /** What the query asks for and the product does not do. */
  notes: string[];
  /** The skill with it, as it is written and as it is parsed. */
  document: Document;
  skill: Skill;
}

const STANZAS: Record<Broker, ToStanza> = {
  rabbitmq: rabbitmqStanza,
  kafka: kafkaStanza,
  sqs: sqsStanza,
  redis: redisStanza,
};

const STAND_IN = "The query names no apps, so stand-ins produce and consume: put the names of yours in their place.";

const isUnnamed = (producer: string, { apps = {} }: Document): boolean =>
  producer.endsWith("-producer") && Object.hasOwn(apps as Document, producer);

/**
 * What to add to a skill for a query, by tables alone: the same query and skill always give the same. `asked`: the broker, where it is
 * not the query's to decide. The skill must be one that `parseSkill` takes; what comes out is one too.
 */
export function planOf(query: string, document: Document, asked?: Broker): Plan {
  const text = plainText(query);
  const choice = choose(
    query,
    asked,
    BROKERS.filter((broker) => Object.hasOwn(document, broker)),
  );
  const subject = subjectOf(query, FALLBACK[choice.broker]);
  const apps = Object.keys((document.apps ?? {}) as Document);
  const style =
    choice.broker === "kafka" || choice.broker === "redis" || /\bevents?\b|event-driven|pub[-/ ]?sub/.test(text)
      ? "events"
      : "work";
  const roles = rolesOf(query, subject, apps, style);
  const {
    stanza,
    added,
    document: merged,
    skill,
  } = fitted(document, (suffix) => STANZAS[choice.broker]({ text, subject, roles, skill: document, apps, suffix }));
  const { what, comments } = stanza;
  const advice = [...(isUnnamed(roles.producer, added) ? [STAND_IN] : []), ...stanza.advice];
  return { ...choice, what, added, comments, advice, notes: notesOn(query), document: merged, skill };
}
