import type { Broker } from "../brokers.ts";
import type { Roles } from "../services.ts";
import type { Subject } from "../subject.ts";

/** A skill as it is written, or a part of one. */
export type Document = Record<string, unknown>;

/** What is to be added to a skill. */
export interface Stanza {
  /** What it is, in a few words: `a topic of order events`. */
  what: string;
  /** As it stands in skill.yaml; `apps` apart, its names are new there. */
  section: Document;
  /** Comments by path, its keys joined by /. */
  comments: Record<string, string>;
  /** What whoever reviews it should know, a sentence each. */
  advice: string[];
}

/** What a stanza is made from. */
export interface Asked {
  /** The query as the tables read it. */
  text: string;
  subject: Subject;
  roles: Roles;
  /** The skill that it is added to. */
  skill: Document;
  /** Apps of the skill. */
  apps: string[];
  /** Added to each name that is new, so that it differs from those that the skill has; empty at first. */
  suffix: string;
}

/** How a stanza of a broker is made. */
export type ToStanza = (asked: Asked) => Stanza;

/** How a flow is called by default on each broker, where the query names nothing. */
export const FALLBACK: Record<Broker, string> = { rabbitmq: "tasks", kafka: "events", sqs: "jobs", redis: "updates" };

/** `apps` of a stanza: each empty, as an app needs no more. */
export const appsOf = (...apps: string[]): Document => Object.fromEntries([...new Set(apps)].map((app) => [app, {}]));

/** A map with the same value for every name. */
export const each = <T>(names: readonly string[], value: (name: string) => T): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, value(name)]));

/** Whether the words are in the text. */
export const says = (text: string, words: string): boolean => new RegExp(`\\b(?:${words})\\b`, "u").test(text);
