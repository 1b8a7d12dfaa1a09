import * as pulumi from "@pulumi/pulumi";
import { clusterOf } from "../components/cluster.ts";
import { EnvironmentSecret } from "../components/environmentSecret.ts";
import { Messaging } from "../components/messaging.ts";
import { checkEnvironment } from "../skill/index.ts";
import { acceptClusters } from "./acceptCluster.ts";
import { connect } from "./brokers.ts";
import { dropDebugLog } from "./debugLog.ts";
import { readEnvironment } from "./environment.ts";
import { lookAccess } from "./gate/access.ts";
import { discarded, guardStack } from "./gate/index.ts";
import { checkState, told } from "./problems.ts";
import { replacing } from "./replace/index.ts";
import { readSkill } from "./skill.ts";

dropDebugLog();
checkState();
const { environment, secrets } = await told(readEnvironment);
const skill = await told(() => readSkill(environment));
await told(() => checkEnvironment(skill, environment, Object.keys(secrets)));
const secret = new EnvironmentSecret("environment-secret").value;
guardStack({
  skill,
  stack: pulumi.getStack(),
  allowed: environment.allowDataLoss,
  discard: discarded(process.env.MESSAGING_DISCARD),
  access: () => lookAccess({ environment, secrets, secret }),
  clusterOf,
  accepted: environment.acceptCluster,
});
const replaced = await replacing(skill, () => lookAccess({ environment, secrets, secret }));
acceptClusters(environment.acceptCluster);
const brokers = await told(() =>
  connect({ stack: pulumi.getStack(), skill, environment, secrets, secret, replacing: replaced }),
);
const messaging = new Messaging("messaging", { skill, secret, credentials: environment.credentials, brokers });

/** By app: all that its clients need to connect, publish and consume. */
export const apps = messaging.apps;
/** How whoever runs this environment reaches its brokers and their dead letters: for `messaging dlq` and `messaging verify`. */
export const operator = messaging.operator;
/** What exists, for people to read. */
export const summary = messaging.summary;
