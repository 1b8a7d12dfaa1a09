import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { setMockOptions } from "@pulumi/pulumi/runtime/settings.js";
// @ts-expect-error stripped from the SDK's declarations, exported at run time: a store of its own for each program
import { getStore, withLocalStorage } from "@pulumi/pulumi/runtime/state.js";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A secret in recorded inputs or outputs: `toEqual(secret("x"))` proves both the value and its secretness. */
export const secret = (value: unknown) => ({ "[secret]": value });

/** One registration, as the engine would have received it. */
export interface Registered {
  type: string;
  name: string;
  custom: boolean;
  /** Logical name of the parent, or nothing under the stack itself. */
  parent?: string;
  /** Exact inputs; secrets appear as `secret(value)`. */
  inputs: Record<string, unknown>;
  /** What registerOutputs was given (components only). */
  outputs?: Record<string, unknown>;
  urn: string;
  protect: boolean;
  retainOnDelete: boolean;
  deleteBeforeReplace: boolean;
  ignoreChanges: string[];
  additionalSecretOutputs: string[];
  deletedWith?: string;
  /** Logical names of what it depends on, inputs included. */
  dependencies: string[];
  hooks: string[];
  /** Logical name of its explicit provider. */
  provider?: string;
}

export interface ProgramOptions {
  project?: string;
  stack?: string;
  preview?: boolean;
  /** Stack configuration, by full key (`messaging:brokers`). */
  config?: Record<string, string>;
  secretKeys?: string[];
  /** What a provider adds to the inputs of a resource. */
  state?: (type: string, name: string, inputs: Record<string, unknown>) => Record<string, unknown>;
}

/**
 * Runs a Pulumi program against mocks in a store of its own, waits for every registration and returns them in order.
 * An error of the program is thrown here, as it was thrown there.
 */
export async function program<T>(
  body: () => T | Promise<T>,
  options: ProgramOptions = {},
): Promise<{ outputs: T | undefined; resources: Registered[] }> {
  return withLocalStorage(async () => {
    const monitor = new RecordingMonitor(options);
    setMockOptions(monitor, options.project ?? "messaging", options.stack ?? "test", options.preview ?? false);
    Object.assign(getStore(), FEATURES);
    pulumi.runtime.setAllConfig(options.config ?? {}, options.secretKeys ?? []);
    let failure: unknown;
    let outputs: T | undefined;
    await pulumi.runtime.runInPulumiStack(async () => {
      try {
        outputs = await body();
      } catch (error) {
        failure = error;
      }
      return {};
    });
    // @ts-expect-error internal, the only wait that covers every registration
    await pulumi.runtime.waitForRPCs();
    getStore().callbacks?.shutdown();
    if (failure !== undefined) throw failure;
    if (monitor.duplicates.length > 0) throw new Error(`duplicate URN ${monitor.duplicates.join(", ")}`);
    return { outputs, resources: monitor.registered };
  });
}

/** The registrations of a program that declares resources. */
export const registered = async (body: () => unknown, options?: ProgramOptions) =>
  (await program(body, options)).resources;

/** The resolved value of an output and whether it is secret, for outputs that a program returned. */
export async function resolve<T>(output: pulumi.Input<T>): Promise<{ value: T; isSecret: boolean }> {
  const wrapped = pulumi.output(output) as pulumi.Output<T>;
  const isSecret = await pulumi.isSecret(wrapped);
  const value = await new Promise<T>((done) => wrapped.apply((v) => done(v as T)));
  return { value, isSecret };
}

const FEATURES = {
  supportsSecrets: true,
  supportsResourceReferences: true,
  supportsOutputValues: false,
  supportsDeletedWith: true,
  supportsReplaceWith: true,
  supportsAliasSpecs: true,
  supportsTransforms: false,
  supportsParameterization: true,
  supportsResourceHooks: true,
  supportsErrorHooks: true,
};

// @ts-expect-error newUrn is private in the declarations
class RecordingMonitor extends MockMonitor {
  readonly registered: Registered[] = [];
  readonly duplicates: string[] = [];

  constructor(options: ProgramOptions) {
    super({
      call: ({ inputs }) => inputs,
      newResource: ({ type, name, inputs, custom }) => ({
        id: custom ? `${name}-id` : undefined,
        state: { ...inputs, ...options.state?.(type, name, revealed(inputs) as Record<string, unknown>) },
      }),
    });
  }

  /** The engine's own form: the whole chain of parent types, without the stack's. */
  override newUrn(parent: string, type: string, name: string): string {
    const chain = parent ? parent.split("::")[2] : "";
    const qualified = chain && chain !== "pulumi:pulumi:Stack" ? `${chain}$${type}` : type;
    return `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${qualified}::${name}`;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the SDK's protobuf requests have no public types
  override async registerResource(req: any, callback: any): Promise<void> {
    const urn = this.newUrn(req.getParent(), req.getType(), req.getName());
    if (req.getType() !== "pulumi:pulumi:Stack") {
      if (this.registered.some((other) => other.urn === urn)) this.duplicates.push(urn);
      this.registered.push({
        type: req.getType(),
        name: req.getName(),
        custom: req.getCustom(),
        parent: nameOf(req.getParent()),
        inputs: marked(req.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
        urn,
        protect: req.getProtect() ?? false,
        retainOnDelete: req.getRetainondelete() ?? false,
        deleteBeforeReplace: req.getDeletebeforereplace(),
        ignoreChanges: req.getIgnorechangesList(),
        additionalSecretOutputs: req.getAdditionalsecretoutputsList(),
        deletedWith: nameOf(req.getDeletedwith()),
        dependencies: req.getDependenciesList().map(nameOf),
        hooks: hooksOf(req.getHooks()),
        provider: nameOf(req.getProvider().replace(/::[^:]*$/, "")),
      });
    }
    await super.registerResource(req, callback);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  override registerResourceOutputs(req: any, callback: any): void {
    const found = this.registered.find((resource) => resource.urn === req.getUrn());
    // The SDK itself registers empty outputs again when the constructor is done: the first call is the component's own.
    if (found && found.outputs === undefined) {
      found.outputs = marked(req.getOutputs()?.toJavaScript() ?? {}) as Record<string, unknown>;
    }
    callback(null, {});
  }

  registerResourceHook(_req: unknown, callback: (error: null, response: object) => void): void {
    callback(null, {});
  }

  registerErrorHook(_req: unknown, callback: (error: null, response: object) => void): void {
    callback(null, {});
  }

  signalAndWaitForShutdown(_req: unknown, callback: (error: null, response: object) => void): void {
    callback(null, {});
  }
}

const nameOf = (urn: string): string | undefined => {
  if (!urn || urn.includes("::pulumi:pulumi:Stack::")) return undefined;
  return urn.split("::").slice(3).join("::");
};

// biome-ignore lint/suspicious/noExplicitAny: protobuf message without public types
const hooksOf = (hooks: any): string[] =>
  Object.entries((hooks?.toObject() ?? {}) as Record<string, string[]>).flatMap(([kind, names]) =>
    names.map((name) => `${kind.replace(/List$/, "")}:${name}`),
  );

const isSecretValue = (value: unknown): value is { value: unknown } =>
  typeof value === "object" && value !== null && (value as Record<string, unknown>)[SIGNATURE] === SECRET;

const mapped = (value: unknown, onSecret: (inner: unknown) => unknown): unknown => {
  if (isSecretValue(value)) return onSecret(mapped(value.value, onSecret));
  if (Array.isArray(value)) return value.map((item) => mapped(item, onSecret));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, onSecret)]));
  }
  return value;
};

const marked = (value: unknown) => mapped(value, secret);
const revealed = (value: unknown) => mapped(value, (inner) => inner);
