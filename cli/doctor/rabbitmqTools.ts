import type { RabbitmqOperator } from "../../client/operator.ts";
import { word } from "./kafkaTools.ts";

/** What a call of the management API is written with. */
export type Management = Pick<RabbitmqOperator, "vhost" | "username" | "managementUrl" | "ca">;

/** A call of the management API about something of the vhost, for what no other tool that is there does; curl asks for the password. */
export const managementCall = (
  { vhost, username, managementUrl, ca }: Management,
  [kind, ...names]: [string, ...string[]],
  ...options: string[]
): string =>
  [
    ...["curl", "-u", word(username), ...options],
    ...(ca ? ["--cacert ca.pem"] : []),
    word([managementUrl, "api", kind, ...[vhost, ...names].map(encodeURIComponent)].join("/")),
    ...(ca ? ["(ca.pem: the certificate of its authority)"] : []),
  ].join(" ");

/** What an exchange is deleted by that somebody declared in another way: nothing changes one in place. */
export const deleteExchange = (management: Management, name: string): string =>
  managementCall(management, ["exchanges", name], "-X DELETE");

/** What that does beside. */
export const UNBOUND =
  "Deleting it takes all of its bindings, those of others too, which must make theirs again, and publishing by it is refused until the up has ended.";
