import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import * as z from "zod";

const documents = parseAllDocuments(readFileSync(join(import.meta.dirname, "../../gitops/stack.yaml"), "utf8")).map(
  (document) => document.toJS(),
);

const text = z.string().min(1);
const reference = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("Secret"), secret: z.strictObject({ name: text, key: text }) }),
  z.strictObject({ type: z.literal("Literal"), literal: z.strictObject({ value: z.string() }) }),
  z.strictObject({ type: z.literal("Env"), env: z.strictObject({ name: text }) }),
  z.strictObject({ type: z.literal("FS"), filesystem: z.strictObject({ path: text }) }),
]);

/**
 * The fields of the operator's custom resource that we use, and those beside them, written by hand from what version 2 documents: its own
 * schema is in no package registry. The workspace's template is checked as far as ours goes.
 */
const stack = z.strictObject({
  apiVersion: z.literal("pulumi.com/v1"),
  kind: z.literal("Stack"),
  metadata: z.strictObject({ name: text, namespace: text }),
  spec: z.strictObject({
    backend: text.optional(),
    branch: text.optional(),
    commit: text.optional(),
    config: z.unknown().optional(),
    continueResyncOnCommitMatch: z.boolean().optional(),
    destroyOnFinalize: z.boolean().optional(),
    envRefs: z.record(z.string(), reference).optional(),
    expectNoRefreshChanges: z.boolean().optional(),
    gitAuth: z.strictObject({ accessToken: reference }).optional(),
    projectRepo: text,
    refresh: z.boolean().optional(),
    repoDir: text.optional(),
    resyncFrequencySeconds: z.int().min(60).optional(),
    retryMaxBackoffDurationSeconds: z.int().optional(),
    retryOnUpdateConflict: z.boolean().optional(),
    secretsProvider: text.optional(),
    secretsRef: z.record(z.string(), reference).optional(),
    serviceAccountName: text,
    shallow: z.boolean().optional(),
    stack: text,
    useLocalStackOnly: z.boolean().optional(),
    workspaceReclaimPolicy: z.enum(["Retain", "Delete"]).optional(),
    workspaceTemplate: z.strictObject({
      spec: z.strictObject({
        image: z.string().regex(/^[\w/.-]+:\d+\.\d+\.\d+(-nonroot)?$/),
        securityProfile: z.enum(["baseline", "restricted"]),
        resources: z.strictObject({
          requests: z.record(z.string(), z.string()),
          limits: z.record(z.string(), z.string()),
        }),
      }),
    }),
  }),
});

describe("the Stack of the Pulumi Kubernetes Operator", () => {
  const resource = documents.find(({ kind }) => kind === "Stack");

  it("has only fields that the operator knows", () => {
    expect(stack.safeParse(resource).error?.issues ?? []).toEqual([]);
    expect(stack.safeParse({ ...resource, spec: { ...resource.spec, brnch: "main" } }).success).toBe(false);
  });

  it("follows either a branch or a commit", () => {
    expect([resource.spec.branch, resource.spec.commit].filter(Boolean)).toHaveLength(1);
  });

  it("runs as the service account that stands beside it, which the operator may verify", () => {
    const [account, binding] = documents;
    expect(resource.spec.serviceAccountName).toBe(account.metadata.name);
    expect(binding.roleRef.name).toBe("system:auth-delegator");
    expect(binding.subjects).toEqual([
      { kind: "ServiceAccount", name: account.metadata.name, namespace: resource.metadata.namespace },
    ]);
  });

  it("runs the version of Pulumi that the project has", () => {
    const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
    expect(resource.spec.workspaceTemplate.spec.image).toBe(`pulumi/pulumi:${dependencies.pulumi}-nonroot`);
  });

  it("never deletes brokers with the resource, and has no secret in it", () => {
    expect(resource.spec.destroyOnFinalize).toBe(false);
    expect(Object.keys(resource.spec)).not.toContain("secrets");
  });
});
