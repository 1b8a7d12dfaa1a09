import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awsJson } from "./aws/localstack.ts";
import { type Emulator, startMoto } from "./aws/moto.ts";
import { type Clone, makeClone, npm, removeClone, variables } from "./clone.ts";
import { type Result, run } from "./command.ts";

const environment = "remote";
const PORT = 29_780;
const endpoint = `http://127.0.0.1:${PORT}`;
const STATE = `messaging/.pulumi/stacks/messaging/${environment}.json`;
const LOCKS = `messaging/.pulumi/locks/organization/messaging/${environment}`;

let moto: Emulator;
let clone: Clone;
let keyId: string;

/** What a pipeline sets; it has no passphrase. */
const pipeline = () => ({
  ...variables(clone),
  PULUMI_BACKEND_URL: `s3://messaging?region=eu-central-1&endpoint=${endpoint}&use_path_style=true`,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "eu-central-1",
  AWS_ENDPOINT_URL_KMS: endpoint,
});
const inClone = (command: string, ...args: string[]): Promise<Result> =>
  run(command, args, { cwd: clone.folder, env: pipeline() });
const pulumi = (...args: string[]) => inClone("npx", "pulumi", ...args, "--non-interactive");
const messaging = (...args: string[]) => inClone("npx", "messaging", ...args);
/** An object of the bucket, as a user of the account: to others it is private. */
const object = (key: string, init: { method?: string; body?: string } = {}) => {
  const scope = "test/20260101/us-east-1/s3/aws4_request";
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  return fetch(`${endpoint}/${key}`, { ...init, headers: { authorization, "content-type": "application/json" } });
};

beforeAll(async () => {
  moto = await startMoto(PORT);
  await object("messaging", { method: "PUT" });
  const made = (await awsJson(endpoint, "kms", "TrentService.CreateKey", {})) as { KeyMetadata: { KeyId: string } };
  keyId = made.KeyMetadata.KeyId;
  clone = await makeClone(environment, 29_770, "examples/minimal.yaml");
});
afterAll(async () => {
  await moto?.stop();
  if (clone) removeClone(clone);
});

describe("an environment whose state is in S3 and whose secrets are a KMS key's", () => {
  it("is made by npm start, twice, and leaves neither state nor passphrase on this machine", async () => {
    expect((await npm(clone, "run", "setup")).code).toBe(0);
    const key = `awskms:///${keyId}?region=eu-central-1`;
    const init = await pulumi("stack", "init", environment, "--secrets-provider", key);
    expect(init.code, init.output).toBe(0);
    const first = await inClone("npm", "start");
    expect(first.code, first.output).toBe(0);
    const second = await inClone("npm", "start");
    expect(second.code, second.output).toBe(0);
    const kept = await run("find", [".state", "-type", "f"], { cwd: clone.folder });
    expect(kept.stdout.split("\n").filter(Boolean)).toEqual([".state/.gitignore"]);
  });

  it("keeps its secrets encrypted by that key", async () => {
    const state = await object(STATE);
    expect(state.status).toBe(200);
    const text = await state.text();
    const { checkpoint } = JSON.parse(text);
    expect(checkpoint.latest.secrets_providers.type).toBe("cloud");
    const { stdout } = await pulumi("stack", "output", "apps", "--json", "--show-secrets");
    const passwords = [...stdout.matchAll(/"password": ?"([^"]+)"/g)].map((match) => match[1]!);
    expect(passwords.length).toBeGreaterThan(0);
    for (const password of passwords) expect(text).not.toContain(password);
  });

  it("has its commands work: dlq, drift, preview, refresh and recover", async () => {
    const list = await messaging("dlq", "list");
    expect(list.code, list.output).toBe(0);
    const drift = await messaging("drift");
    expect(drift.code, drift.output).toBe(0);
    const preview = await pulumi("preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
    const refresh = await pulumi("refresh", "--preview-only", "--expect-no-changes");
    expect(refresh.code, refresh.output).toBe(0);
    const recover = await messaging("recover");
    expect(recover.code, recover.output).toBe(0);
    expect(recover.stdout).toBe("nothing to recover\n");
  });

  it("that somebody else holds is left alone, and it is said how the lock of a dead one is released", async () => {
    const holder = { pid: 4711, username: "ci", hostname: "runner-7", timestamp: new Date().toISOString() };
    const lock = `${LOCKS}/11111111-1111-4111-8111-111111111111.json`;
    await object(lock, { method: "PUT", body: JSON.stringify(holder) });
    const held = await inClone("npm", "start");
    expect(held.code, held.output).toBe(1);
    expect(held.output).toContain("created by ci@runner-7 (pid 4711)");
    const named = await messaging("recover");
    expect(named.code, named.output).toBe(1);
    expect(named.output).toContain("npx messaging recover -e remote --break-lock ci@runner-7:4711");
    const broken = await messaging("recover", "--break-lock", "ci@runner-7:4711");
    expect(broken.code, broken.output).toBe(0);
    expect(broken.stdout).toBe("lock of ci@runner-7:4711: released\n");
    expect((await pulumi("preview", "--expect-no-changes")).code).toBe(0);
  });

  it("goes by npm run down", async () => {
    const down = await inClone("npm", "run", "down", "--", "--discard-messages");
    expect(down.code, down.output).toBe(0);
    expect((await object(STATE)).status).toBe(404);
  });
});
