import type { RabbitmqAccess } from "../access.ts";
import { markOf } from "../mark.ts";

/** What an app publishes to and retries by. */
export type RabbitmqUses = Pick<RabbitmqAccess, "publishes" | "consumes">;

/** The mark of an access: of the places in it, and of nothing that an app may set for itself. */
export const rabbitmqMark = ({ publishes, consumes }: RabbitmqUses): string =>
  markOf([publishes, Object.entries(consumes).map(([flow, { queue, retries = [] }]) => [flow, queue, retries])]);
