import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { changedKeys, type Failure, failuresOf, type Kind, type State } from "./kind.ts";
import { stopMoving } from "./moving.ts";
import { RedisSession, redisConfigRules } from "./redis/session.ts";
import { fromStruct, type Properties, secret, toStruct } from "./wire.ts";

type Handler<Request, Response> = (request: Request) => Promise<Response>;

/** The resource provider protocol over a table of resource types. One server has one configuration, as the engine has it. */
export class ProviderServer {
  readonly #kinds: Record<string, Kind>;
  readonly #version: string;
  #redis = new RedisSession({});

  constructor(kinds: Record<string, Kind>, version: string) {
    this.#kinds = kinds;
    this.#version = version;
  }

  /** Every method of the protocol that this plugin answers; the engine takes the absence of the others as their default. */
  // biome-ignore lint/suspicious/noExplicitAny: each handler has its own message types
  readonly handlers: Record<string, Handler<any, unknown>> = {
    getPluginInfo: async () => new plugin.PluginInfo().setVersion(this.#version),
    getSchema: async () => new provider.GetSchemaResponse().setSchema(this.#schema()),
    checkConfig: async (request: provider.CheckRequest) => {
      const config = fromStruct(request.getNews());
      const given = Object.keys(config).filter((name) => name !== "version" && name !== "pluginDownloadURL");
      const failures = given.length === 0 ? [] : failuresOf(redisConfigRules, pick(config, given));
      return checked(request, failures);
    },
    // A moved broker or another password changes how resources are reached and never which they are: nothing is replaced.
    diffConfig: async (request: provider.DiffRequest) => differences(changedInputs(request), []),
    configure: async (request: provider.ConfigureRequest) => {
      this.#redis = new RedisSession(fromStruct(request.getArgs()));
      return new provider.ConfigureResponse();
    },
    check: async (request: provider.CheckRequest) => {
      const kind = this.#kind(request);
      const failures = failuresOf(kind.inputs, fromStruct(request.getNews()));
      const response = checked(request, failures);
      const given = request.getNews()?.toJavaScript() ?? {};
      if (failures.length === 0 && kind.keep) response.setInputs(toStruct(kind.keep(given)));
      const isNew = Object.keys(fromStruct(request.getOlds())).length === 0;
      if (failures.length === 0 && isNew) await kind.planned?.(fromStruct(request.getNews()));
      return response;
    },
    diff: async (request: provider.DiffRequest) => {
      const kind = this.#kind(request);
      const changed = changedInputs(request);
      const differing = await kind.diff?.(fromStruct(request.getOlds()), fromStruct(request.getNews()), changed);
      return differences(differing ?? changed, kind.identity);
    },
    create: async (request: provider.CreateRequest) => {
      const kind = this.#kind(request);
      const state = await kind.create(fromStruct(request.getProperties()), this.#redis);
      return new provider.CreateResponse().setId(state.id).setProperties(toStruct(kept(kind, state)));
    },
    read: async (request: provider.ReadRequest) => {
      const kind = this.#kind(request);
      const state = await kind.read(request.getId(), fromStruct(request.getProperties()), this.#redis);
      if (state === undefined) return new provider.ReadResponse();
      const response = new provider.ReadResponse().setId(state.id);
      return response.setInputs(toStruct(state.inputs)).setProperties(toStruct(kept(kind, state)));
    },
    update: async (request: provider.UpdateRequest) => {
      const kind = this.#kind(request);
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const state = await kind.update(request.getId(), news, this.#redis, olds);
      return new provider.UpdateResponse().setProperties(toStruct(kept(kind, state)));
    },
    delete: async (request: provider.DeleteRequest) => {
      await this.#kind(request).delete(request.getId(), fromStruct(request.getProperties()), this.#redis);
      return new empty.Empty();
    },
    cancel: async () => {
      this.#redis.cancel();
      stopMoving();
      return new empty.Empty();
    },
    attach: async () => new empty.Empty(),
  };

  #kind(request: { getUrn(): string }): Kind {
    const type = request.getUrn().split("::")[2]?.split("$").pop() ?? "";
    const kind = Object.hasOwn(this.#kinds, type) ? this.#kinds[type] : undefined;
    if (kind === undefined) throw new Error(`messaging-extras: must be a resource type of this plugin, got ${type}`);
    return kind;
  }

  #schema(): string {
    const resources = Object.entries(this.#kinds).map(([token, kind]) => [
      token,
      { requiredInputs: Object.keys(kind.inputs), inputProperties: anyOf(Object.keys(kind.inputs)) },
    ]);
    return JSON.stringify({
      name: "messaging-extras",
      version: this.#version,
      resources: Object.fromEntries(resources),
    });
  }
}

function checked(request: provider.CheckRequest, failures: Failure[]): provider.CheckResponse {
  const list = failures.map(({ property, reason }) =>
    new provider.CheckFailure().setProperty(property).setReason(reason),
  );
  return new provider.CheckResponse().setInputs(request.getNews()).setFailuresList(list);
}

function changedInputs(request: provider.DiffRequest): string[] {
  const ignored = request.getIgnorechangesList();
  const changed = changedKeys(fromStruct(request.getOldInputs()), fromStruct(request.getNews()));
  return changed.filter((name) => !ignored.includes(name));
}

function differences(changed: string[], identity: string[]): provider.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = provider.DiffResponse.DiffChanges;
  const response = new provider.DiffResponse().setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(changed).setReplacesList(changed.filter((name) => identity.includes(name)));
  response.setHasdetaileddiff(true);
  const { UPDATE, UPDATE_REPLACE } = provider.PropertyDiff.Kind;
  for (const name of changed) {
    const kind = identity.includes(name) ? UPDATE_REPLACE : UPDATE;
    response.getDetaileddiffMap().set(name, new provider.PropertyDiff().setKind(kind).setInputdiff(true));
  }
  return response;
}

function kept(kind: Kind, state: State): Properties {
  const properties: Properties = { ...state.inputs, ...state.outputs };
  for (const name of kind.secretOutputs) properties[name] = secret(properties[name]);
  return properties;
}

function pick(properties: Properties, names: string[]): Properties {
  return Object.fromEntries(names.map((name) => [name, properties[name]]));
}

function anyOf(names: string[]): Properties {
  return Object.fromEntries(names.map((name) => [name, { $ref: "pulumi.json#/Any" }]));
}
