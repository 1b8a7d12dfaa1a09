import type { Principal } from "./cells.ts";

/** A user name and its password. */
export interface Login {
  username: string;
  password: string;
}

export type Somebody = Principal & { login?: Login };

/** The logins of one broker. */
export interface Logins {
  /** Every app of the skill. */
  apps: string[];
  /** Of those that have one there. */
  known: Record<string, Login>;
  /** Of an app elsewhere: on another broker or instance. */
  elsewhere: Record<string, Login>;
  /** The login of an app before its password changed. */
  rotatedOut?: Login;
}

/** Everybody who tries: each app, and those who are none or cannot prove it. */
export function everybody({ apps, known, elsewhere, rotatedOut }: Logins): Somebody[] {
  // Somebody who is known here and elsewhere, and somebody else who is known here.
  const one = Object.keys(known).find((app) => elsewhere[app])!;
  const other = Object.keys(known).find((app) => app !== one)!;
  const as = (username: string, password: string): Login => ({ username, password });
  return [
    // An app with nothing on this broker comes with what it has on another.
    ...apps.map((app) => ({ name: app, app, login: known[app] ?? as(app, elsewhere[app]?.password ?? "none") })),
    { name: "unknown user", login: as("nobody", known[one]!.password) },
    { name: "wrong password", login: as(one, "wrong") },
    { name: "empty password", login: as(one, "") },
    { name: "another app's password", login: as(one, known[other]!.password) },
    { name: "its password of elsewhere", login: as(one, elsewhere[one]!.password) },
    { name: "no credentials" },
    { name: "guest", login: as("guest", "guest") },
    { name: "default", login: as("default", "default") },
    { name: "administrator without its password", login: as("messaging-admin", "messaging-admin") },
    ...(rotatedOut ? [{ name: "rotated-out password", login: rotatedOut }] : []),
  ];
}
