import { logicalName, type StateResource } from "../drift/state.ts";

/** A resource in the file that `pulumi import --file` reads. */
export interface ImportEntry {
  type: string;
  /** Unlike every other in the file; what the program calls it where `logicalName` is absent. */
  name: string;
  logicalName?: string;
  id?: string;
  parent?: string;
  provider?: string;
  component?: boolean;
  [more: string]: unknown;
}

export interface ImportFile {
  nameTable?: Record<string, string>;
  resources: ImportEntry[];
}

const isProvider = ({ type }: ImportEntry): boolean => type.startsWith("pulumi:providers:");

/**
 * Whether Pulumi can import it. Not where its provider is a child of a component, as Redis's are: Pulumi then writes a state that it cannot
 * read. What stands there already is made again by the next `up`, as what it is.
 */
export const isImportable = (entry: ImportEntry, { resources }: ImportFile): boolean =>
  !resources.some((each) => isProvider(each) && each.name === entry.provider && each.parent !== undefined);

/** The planned resource of an entry. */
export const plannedOf = (entry: ImportEntry, planned: readonly StateResource[]): StateResource | undefined =>
  planned.find(({ type, urn }) => type === entry.type && logicalName(urn) === (entry.logicalName ?? entry.name));

/** The file of those that have an id, with the components and providers that they need and nothing else. */
export function importFileOf({ nameTable, resources }: ImportFile, ids: ReadonlyMap<ImportEntry, string>): ImportFile {
  const found = resources.flatMap((entry) => {
    const id = ids.get(entry);
    return id === undefined ? [] : [{ ...entry, id }];
  });
  const needed = new Set<string>();
  const need = (name: string | undefined): void => {
    if (name === undefined || needed.has(name)) return;
    needed.add(name);
    need(resources.find((entry) => entry.name === name && entry.component)?.parent);
  };
  for (const { parent, provider } of found) for (const name of [parent, provider]) need(name);
  const around = resources.filter((entry) => needed.has(entry.name) && (entry.component || isProvider(entry)));
  return { ...(nameTable && { nameTable }), resources: [...around, ...found] };
}
