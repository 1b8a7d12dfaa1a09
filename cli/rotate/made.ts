import type { AppAccess } from "../../client/access.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { type AcceptedCredentials, credentialOf } from "../../skill/index.ts";
import { type StateResource, textOf } from "../drift/state.ts";

/** A broker on which an app has a password, and the user that it is told there. */
export interface Place {
  /** `redis/<instance>` for Redis. */
  broker: string;
  username: string;
  /** ElastiCache: one user has both passwords. */
  oneUser: boolean;
}

/** Where an app has a password, as the last `up` left it. */
export const placesOf = (
  { rabbitmq, kafka, redis = {} }: AppAccess,
  { redis: administered = {} }: Pick<OperatorAccess, "redis">,
): Place[] => [
  ...(rabbitmq ? [{ broker: "rabbitmq", username: rabbitmq.username, oneUser: false }] : []),
  ...(kafka ? [{ broker: "kafka", username: kafka.username, oneUser: false }] : []),
  ...Object.entries(redis).map(([instance, { username }]) => ({
    broker: `redis/${instance}`,
    username,
    oneUser: !Object.hasOwn(administered, instance),
  })),
];

/** By type of a user's resource: the input that names it. */
const USERS: Record<string, string> = {
  "rabbitmq:index/user:User": "name",
  "kafka:index/userScramCredential:UserScramCredential": "username",
  "messaging-extras:redis:User": "name",
};

/** Whether the state says of an app what its configuration says: it is told the current user, and has on each broker the users that it should. */
export function isMade(
  app: string,
  { current, previous }: AcceptedCredentials,
  places: readonly Place[],
  resources: readonly StateResource[],
): boolean {
  const told = credentialOf(app, current).username;
  const other = credentialOf(app, current + 1).username;
  const own = places.filter(({ oneUser }) => !oneUser);
  const count = (user: string): number =>
    resources.filter(({ type, inputs = {} }) => Object.hasOwn(USERS, type) && textOf(inputs[USERS[type]!]) === user)
      .length;
  return (
    own.every(({ username }) => username === told) &&
    count(told) === own.length &&
    count(other) === (previous === undefined ? 0 : own.length)
  );
}
