import type { z } from "zod";
import { map, named, wholeNumber } from "./fields.ts";

const credential = () => wholeNumber(1, Number.MAX_SAFE_INTEGER);
const before = "be the credential before current (1 has none before it)";

/** By app: the number of its credential, and of the one before it while both are accepted. An app without an entry has credential 1. */
export const credentialsSchema = named(
  map({ current: credential(), previous: credential().optional() }).refine(
    ({ current, previous }) => previous === undefined || previous === current - 1,
    { error: before, path: ["previous"] },
  ),
);

/** Which credentials of an app are accepted; clients are told the current one. */
export type AcceptedCredentials = z.output<typeof credentialsSchema>[string];

/** The accepted credentials of every app that has others than its first. */
export type Credentials = Record<string, AcceptedCredentials>;

/** One credential of an app. */
export interface Credential {
  number: number;
  /** RabbitMQ and Kafka keep one password a user, and connections are cut by user: so each credential has another user than the one before. */
  username: string;
  /** What its passwords are derived from, after the broker: the app, and from the second on its number. */
  purpose: string;
}

/** Whose credential it is, and which; the dot keeps the second user apart from every app. */
export const credentialOf = (app: string, number: number): Credential => ({
  number,
  username: number % 2 === 1 ? app : `${app}.b`,
  purpose: number === 1 ? app : `${app}#${number}`,
});

/** The credentials of an app that are accepted, the current one first. */
export function acceptedOf(
  app: string,
  credentials: Credentials = {},
): [current: Credential, ...previous: Credential[]] {
  const { current, previous } = Object.hasOwn(credentials, app) ? credentials[app]! : { current: 1 };
  const old = previous === undefined ? [] : [credentialOf(app, previous)];
  return [credentialOf(app, current), ...old];
}
