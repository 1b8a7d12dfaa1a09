import * as pulumi from "@pulumi/pulumi";
import { clusterOf } from "../components/cluster.ts";
import { EnvironmentSecret } from "../components/environmentSecret.ts";
import { Messaging } from "../components/messaging.ts";
import { checkEnvironment } from "../skill/index.ts";
import { acceptClusters } from "./acceptCluster.ts";
import { tryAgain } from "./again.ts";
import { connect } from "./brokers.ts";
import { dropDebugLog } from "./debugLog.ts";
import { readEnvironment } from "./environment.ts";
import { earlierOutputs } from "./former/earlier.ts";
import { dated, formerAccess } from "./former/index.ts";
import { lookAccess } from "./gate/access.ts";
import { droppedFrom } from "./gate/dropped.ts";
import { discarded, guardStack } from "./gate/index.ts";
import { checkState, told } from "./problems.ts";
import { replacing } from "./replace/index.ts";
import { readSkill } from "./skill.ts";

dropDebugLog();
checkState();
const { environment, secrets } = await told(readEnvironment);
const skill = await told(() => readSkill(environment));
await told(() => checkEnvironment(skill, environment, Object.keys(secrets)));
const outputs = await told(earlierOutputs);
const secret = new EnvironmentSecret("environment-secret").value;
const access = () => lookAccess({ environment, secrets, secret }, outputs);
const nowDropped = guardStack({
  skill,
  stack: pulumi.getStack(),
  allowed: environment.allowDataLoss,
  // The containers that we make deny what no ACL allows.
  mayChangeAccess: (name) =>
    environment.brokers === "local" ||
    environment.kafka?.openWithoutAcls === false ||
    environment.allowAccessChange.includes(name),
  discard: discarded(process.env.MESSAGING_DISCARD),
  access,
  clusterOf,
  accepted: environment.acceptCluster,
});
const replaced = await replacing(skill, access);
const earlier = await told(() => formerAccess(outputs, skill, environment, access));
acceptClusters(environment.acceptCluster);
tryAgain();
const brokers = await told(() =>
  connect({ stack: pulumi.getStack(), skill, environment, secrets, secret, replacing: replaced, former: earlier }),
);
const messaging = new Messaging("messaging", { skill, secret, credentials: environment.credentials, brokers });
await nowDropped(droppedFrom(outputs, messaging.summary, environment.brokers === "local"));

/** By app: all that its clients need to connect, publish and consume. */
export const apps = messaging.apps;
/** How whoever runs this environment reaches its brokers and their dead letters: for `messaging dlq` and `messaging verify`. */
export const operator = messaging.operator;
/** What earlier outputs told apps, and is kept for those that run with them. For the next run. */
export const former = dated(earlier, messaging.apps);
/** What exists, for people to read. */
export const summary = messaging.summary;
