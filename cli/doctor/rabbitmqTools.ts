import type { RabbitmqOperator } from "../../client/operator.ts";

/** What a call of the management API is written with. */
export type Management = Pick<RabbitmqOperator, "vhost" | "username" | "managementUrl">;

/** A call of the management API about something of the vhost, for what no other tool that is there does; curl asks for the password. */
export const managementCall = (
  { vhost, username, managementUrl }: Management,
  [kind, ...names]: [string, ...string[]],
  ...options: string[]
): string =>
  [
    ...["curl", "-u", username, ...options],
    ...(managementUrl.startsWith("https:") ? ["--cacert <the file of its authority>"] : []),
    [managementUrl, "api", kind, ...[vhost, ...names].map(encodeURIComponent)].join("/"),
  ].join(" ");

/** What makes an exchange again that somebody declared in another way: nothing changes one in place. */
export const deleteExchange = (management: Management, name: string): string =>
  managementCall(management, ["exchanges", name], "-X DELETE");
