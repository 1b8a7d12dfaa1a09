import * as pulumi from "@pulumi/pulumi";
import { type Credentials, retryDelays, type Skill } from "../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "./flows.ts";

type Declare = (args: never, opts: pulumi.ComponentResourceOptions) => BrokerFlows;
type Connected<D extends Declare> = Omit<Parameters<D>[0], "skill" | "secret" | "credentials">;

type Rabbitmq = typeof import("./rabbitmq/index.ts").declareFlows;
type Kafka = typeof import("./kafka/index.ts").declareFlows;
type Sqs = typeof import("./sqs/index.ts").declareFlows;
type Redis = typeof import("./redis/index.ts").declareFlows;

/** One broker of the environment: the code that declares its flows, how it is reached, and what it goes away with. */
export interface Broker<D extends Declare> {
  declareFlows: D;
  args: Connected<D>;
  /** How the engine reaches it. */
  providers: pulumi.ProviderResource[];
  /** The broker's own data volume, where this environment makes it: when it goes, what it holds need not be deleted one by one. */
  deletedWith?: pulumi.Resource;
}

/** The brokers that an environment has; those that the skill does not use are absent, and their code is not loaded. */
export interface Brokers {
  rabbitmq?: Broker<Rabbitmq>;
  kafka?: Broker<Kafka>;
  sqs?: Broker<Sqs>;
  redis?: Broker<Redis>;
}

/** What {@link Messaging} is made of. */
export interface MessagingArgs {
  /** The parsed skill. */
  skill: Skill;
  /** The environment's secret, from which each app's password is derived. */
  secret: pulumi.Input<string>;
  /** The apps' credentials. Default: the first of each. */
  credentials?: Credentials;
  brokers: Brokers;
}

/** Everything that one skill says, on the brokers of one environment. */
export class Messaging extends pulumi.ComponentResource {
  /** By app: all that its clients need to connect, publish and consume; passwords are secret. */
  readonly apps: Record<string, Record<string, object>>;
  /** How whoever runs the environment reaches its brokers and their dead letters; secret as a whole. */
  readonly operator: pulumi.Output<object>;
  /** One plain row for each thing made, for people to read. */
  readonly summary: SummaryRow[];

  constructor(
    name: string,
    { skill, secret, credentials, brokers }: MessagingArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("messaging:index:Messaging", name, {}, opts);
    const declare = <D extends Declare>(broker: Broker<D> | undefined) =>
      broker?.declareFlows({ ...broker.args, skill, secret, credentials } as never, {
        parent: this,
        providers: broker.providers,
        deletedWith: broker.deletedWith,
      });
    const flows = {
      rabbitmq: declare(brokers.rabbitmq),
      kafka: declare(brokers.kafka),
      sqs: declare(brokers.sqs),
      redis: declare(brokers.redis),
    };
    const outputs = {
      apps: byApp(Object.keys(skill.apps), flows),
      operator: pulumi.secret({
        environment: pulumi.getStack(),
        retry: connectionRetry(skill),
        ...operators(flows),
      }),
      summary: Object.values(flows).flatMap(rows),
    };
    this.apps = outputs.apps;
    this.operator = outputs.operator;
    this.summary = outputs.summary;
    this.registerOutputs(outputs);
  }
}

/** Turns {broker: {app: access}} into {app: {broker: access}}; an app without flows has an empty entry. */
function byApp(apps: string[], flows: Record<string, BrokerFlows | undefined>): Record<string, Record<string, object>> {
  const accessOf = (app: string) =>
    Object.entries(flows).flatMap(([broker, made]) => {
      const access = made?.apps[app];
      return access ? [[broker, access] as const] : [];
    });
  return Object.fromEntries(apps.map((app) => [app, Object.fromEntries(accessOf(app))]));
}

/** How patiently commands try to connect. */
const connectionRetry = ({ retry }: Skill) => ({ maxAttempts: retry.maxAttempts, delays: retryDelays(retry) });

const operators = (flows: Record<string, BrokerFlows | undefined>) =>
  Object.fromEntries(
    Object.entries(flows).flatMap(([broker, made]) => (made?.operator ? [[broker, made.operator]] : [])),
  );

const rows = (made: BrokerFlows | undefined) => made?.summary ?? [];
