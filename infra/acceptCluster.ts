import * as pulumi from "@pulumi/pulumi";

/**
 * Lets the clusters of `messaging:acceptCluster` be other ones than those recorded, for this update. Call it before the first resource.
 */
export function acceptClusters(brokers: readonly string[]): void {
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    if (type !== "messaging-extras:index:Cluster" || !brokers.includes(props.broker)) return undefined;
    return { props: { ...props, accept: true }, opts };
  });
}
