import { setTimeout as wait } from "node:timers/promises";
import { withRetries } from "../../client/connection.ts";
import { type Connected, connectedAs } from "../../live/connected.ts";
import { credentialOf } from "../../skill/index.ts";
import { type Command, UsageError } from "../arguments.ts";
import { readState } from "../drift/index.ts";
import type { Streams } from "../index.ts";
import { EnvironmentError, environmentName, environmentOptions, type Outputs, readOutputs } from "../outputs.ts";
import { isMade, type Place, placesOf } from "./made.ts";
import { type Configured, readConfigured, writeAccepted } from "./stack.ts";
import * as text from "./text.ts";

/** `messaging rotate`: another credential for an app, beside the one that it has until that is not used any more. Writes configuration alone. */
export const rotate: Command = {
  name: "rotate",
  operands: { usage: "<app>", most: 1 },
  summary:
    "Give an app another credential in Pulumi.<env>.yaml, accepted beside the old one until --finish takes that out. pulumi up makes it so.",
  options: {
    environment: environmentOptions.environment!,
    finish: { summary: "Take the old credential out, if the brokers know of nobody who is connected with it." },
    force: { summary: "With --finish: take it out whoever is connected." },
    status: { summary: "Say which credentials the app has and how the old one is used. Changes nothing." },
  },
  async run({ options, operands: [app], streams }) {
    if (app === undefined) throw new UsageError("rotate must be given an app, got nothing", rotate);
    if (options.force !== undefined && options.finish === undefined)
      throw new UsageError("--force must be given together with --finish", rotate);
    const environment = environmentName(options);
    const configured = await readConfigured(environment, app);
    const rotation = await seen({ app, environment, file: configured.file }, configured, options);
    if (options.status !== undefined) return tell(rotation, streams);
    return options.finish === undefined
      ? start(rotation, streams)
      : finish(rotation, options.force !== undefined, streams);
  },
};

interface Rotation {
  about: text.About;
  configured: Configured;
  outputs: Outputs;
  places: Place[];
  /** Whether the last `up` made what the configuration says. */
  made: boolean;
}

async function seen(about: text.About, configured: Configured, options: Record<string, string>): Promise<Rotation> {
  const [outputs, { deployment }] = await Promise.all([readOutputs(options), readState(about.environment, undefined)]);
  const access = Object.hasOwn(outputs.apps, about.app) ? outputs.apps[about.app]! : undefined;
  if (access === undefined) throw new EnvironmentError(text.notMade(about));
  const places = placesOf(access, outputs.operator);
  if (places.length === 0) throw new EnvironmentError(text.nothingToRotate(about, access.sqs !== undefined));
  const made = isMade(about.app, configured.accepted, places, deployment.resources ?? []);
  return { about, configured, outputs, places, made };
}

function start({ about, configured: { file, accepted }, made }: Rotation, { stdout }: Streams): number {
  if (accepted.previous !== undefined) throw new EnvironmentError(text.underWay(about, accepted));
  if (!made) throw new EnvironmentError(text.notMade(about));
  const next = { current: accepted.current + 1, previous: accepted.current };
  writeAccepted(file, about.app, next);
  stdout.write(`${text.started(about, next)}\n`);
  return 0;
}

async function finish(rotation: Rotation, force: boolean, { stdout, stderr }: Streams): Promise<number> {
  const { about, configured, made } = rotation;
  const { current, previous } = configured.accepted;
  if (previous === undefined) {
    stdout.write(`${text.nothingToFinish(about, configured.accepted, made)}\n`);
    return 0;
  }
  if (!made) throw new EnvironmentError(text.notMade(about));
  const old = credentialOf(about.app, previous);
  const connected = await whoIsLeft(rotation, old.username);
  stderr.write(`${text.usage(about, old, connected).join("\n")}\n`);
  const used = text.inUse(about, old, connected);
  if (used !== undefined && !force) throw new EnvironmentError(used);
  writeAccepted(configured.file, about.app, { current });
  stdout.write(`${text.finished(about, { current }, previous)}\n`);
  return 0;
}

async function tell(rotation: Rotation, { stdout }: Streams): Promise<number> {
  const { about, configured, made } = rotation;
  const { accepted } = configured;
  const lines = [text.status(about, accepted, made)];
  if (accepted.previous !== undefined && made) {
    const old = credentialOf(about.app, accepted.previous);
    lines.push(...text.usage(about, old, await connections(rotation, old.username)));
  }
  stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

/** A broker hears late of a connection that has ended: where there are some, it is asked again for so long. */
const PATIENCE_MS = 6_000;
const LOOK_AGAIN_MS = 1_000;

async function whoIsLeft(rotation: Rotation, user: string): Promise<Connected[]> {
  for (const end = Date.now() + PATIENCE_MS; ; await wait(LOOK_AGAIN_MS)) {
    const connected = await connections(rotation, user);
    if (Date.now() > end || connected.every(({ connections: count = 0 }) => count === 0)) return connected;
  }
}

function connections({ outputs: { operator }, places }: Rotation, user: string): Promise<Connected[]> {
  const brokers = places.map(({ broker }) => broker);
  return withRetries(operator.retry.delays, () => connectedAs(user, brokers, operator));
}
