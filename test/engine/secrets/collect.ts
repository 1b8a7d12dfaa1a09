import { passwordFrom } from "../../../components/password.ts";
import { INTERNAL_USER } from "../../../infra/local/kafkaFiles.ts";
import type { Secret } from "../../secrets/search.ts";

/** What Pulumi exports of a stack with `--show-secrets`. */
interface Exported {
  deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
}

/** Runs Pulumi on the stack and gives back what it printed. */
type Ask = (...args: string[]) => Promise<string>;

/** The environment's secret and every password that is derived from it, in clear. `of` tells the environment. */
export async function derivedSecrets(ask: Ask, of: string): Promise<Secret[]> {
  const { deployment } = JSON.parse(await ask("stack", "export", "--show-secrets")) as Exported;
  const made = deployment.resources.find(({ type }) => type === "messaging-extras:index:EnvironmentSecret");
  const secret = JSON.parse((made!.outputs!.value as { plaintext: string }).plaintext) as string;
  const { apps, operator } = JSON.parse(await ask("stack", "output", "--json", "--show-secrets"));
  const own = Object.values(apps).flatMap((access) => passwordsIn(access, "an app"));
  return distinct([
    { kind: `${of}: the environment's secret`, text: secret },
    { kind: `${of}: kafka password of the broker itself`, text: passwordFrom(secret, `kafka/${INTERNAL_USER}`) },
    ...[...own, ...passwordsIn(operator, "the administrator")].map(({ kind, text }) => ({
      kind: `${of}: ${kind}`,
      text,
    })),
  ]);
}

/** Every `password` in the access of an app or of the operator, by broker. */
function passwordsIn(access: unknown, whose: string): Secret[] {
  return Object.entries(access as object).flatMap(([broker, value]) =>
    passwordsBelow(value).map((text) => ({ kind: `${broker} password of ${whose}`, text })),
  );
}

const passwordsBelow = (value: unknown): string[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, item]) =>
        key === "password" && typeof item === "string" ? [item] : passwordsBelow(item),
      )
    : [];

const distinct = (secrets: Secret[]): Secret[] => [...new Map(secrets.map((secret) => [secret.text, secret])).values()];
