import type { Connected } from "../../live/connected.ts";
import { type AcceptedCredentials, type Credential, credentialOf } from "../../skill/index.ts";

/** What the sentences of a rotation need to know of it. */
export interface About {
  app: string;
  environment: string;
  /** `Pulumi.<env>.yaml` */
  file: string;
}

const up = ({ environment }: About): string =>
  environment === "local" ? "npx pulumi up" : `npx pulumi up --stack ${environment}`;
const rotate = ({ app, environment }: About): string =>
  `npx messaging rotate ${app}${environment === "local" ? "" : ` -e ${environment}`}`;

/** What is next once a new credential stands in the configuration. */
export const started = (about: About, { current, previous }: AcceptedCredentials): string =>
  [
    `${about.app}: credential ${current} stands in ${about.file} now, beside ${previous}. Next:`,
    `  ${up(about)}   (both are accepted from then on)`,
    `  give ${about.app} its new apps output, and restart each of its instances`,
    `  ${rotate(about)} --finish`,
  ].join("\n");

/** What is next once the old credential was taken out of the configuration. */
export const finished = (about: About, { current }: AcceptedCredentials, previous: number): string =>
  [
    `${about.app}: credential ${previous} is out of ${about.file}, which leaves ${current}. Next:`,
    `  ${up(about)}   (credential ${previous} is refused from then on, and its connections end)`,
  ].join("\n");

/** What is said where nothing is to be finished. */
export const nothingToFinish = (about: About, { current }: AcceptedCredentials, made: boolean): string =>
  `${about.app}: credential ${current} is the only one in ${about.file}: no rotation is under way.${
    made ? "" : `\n  What it says is not made yet: ${up(about)}`
  }`;

/** Why no rotation is started. */
export const underWay = (about: About, { current, previous }: AcceptedCredentials): string =>
  `${about.app}: must have no rotation under way, got credentials ${previous} and ${current} in ${about.file}: ${rotate(about)} --finish ends it`;

/** Why nothing is done before the next `up`. */
export const notMade = (about: About): string =>
  `${about.app}: must be in environment ${about.environment} as ${about.file} says, got something else: ${up(about)}`;

/** Why an app has nothing to rotate. */
export const nothingToRotate = ({ app }: About, sqs: boolean): string =>
  `${app}: must have a password on RabbitMQ, Kafka or Redis, got ${
    sqs ? "SQS alone, which knows it by its IAM role: rotate that role's credentials in AWS" : "an app of no broker"
  }`;

/** How the old credential is used, a line for each broker. */
export const usage = ({ app }: About, { username }: Credential, connected: readonly Connected[]): string[] =>
  connected.map(({ broker, connections }) =>
    connections === undefined
      ? `  ${broker}: nobody can tell who is connected: see to it that every instance of ${app} was restarted`
      : `  ${broker}: ${counted(connections)} of user ${username}`,
  );

/** Why the old credential stays; undefined where no connection is known. */
export function inUse(about: About, old: Credential, connected: readonly Connected[]): string | undefined {
  const all = connected.filter(({ connections = 0 }) => connections > 0);
  if (all.length === 0) return undefined;
  const each = all.map(({ broker, connections }) => `${counted(connections!)} on ${broker}`).join(", ");
  return [
    `${about.app}: must have no connection with credential ${old.number} (user ${old.username}), got ${each}`,
    `  Restart what still uses it. Or end it as it is, which cuts those connections: ${rotate(about)} --finish --force`,
  ].join("\n");
}

/** Where a rotation stands. */
export const status = (about: About, { current, previous }: AcceptedCredentials, made: boolean): string =>
  [
    `${about.app}: credential ${current} (user ${credentialOf(about.app, current).username})${
      previous === undefined ? "" : `, and ${previous} (user ${credentialOf(about.app, previous).username}) beside it`
    }`,
    ...(made ? [] : [`  ${about.file} is not made yet: ${up(about)}`]),
  ].join("\n");

const counted = (count: number): string => `${count} connection${count === 1 ? "" : "s"}`;
