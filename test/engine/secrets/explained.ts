import type { Hit } from "../../secrets/search.ts";

type Found = Hit & { where: string };

/** Hits that are as they must be; docs/secrets.md tells them to people. An entry of which a place, or a kind that it names, is hit no more fails the test. */
interface Explained {
  places: string[];
  kinds: string[] | RegExp;
  forms: RegExp;
  because: string;
}

export const explained: Explained[] = [
  {
    places: ["files below .state"],
    kinds: ["the passphrase"],
    forms: /^raw$/,
    because: "npm start keeps it there, readable by its owner alone, for copies of the state to be worth nothing",
  },
  {
    places: ["processes of up: environment"],
    kinds: ["rabbitmqPassword, as set", "kafkaPassword, as set", "redisPassword, as set"],
    forms: /^json by Go$/,
    because:
      "Pulumi gives a Node.js program its configuration as the variable PULUMI_CONFIG; only the same user can read it",
  },
  {
    places: [
      "pulumi up -v=9",
      "pulumi refresh -v=9",
      "pulumi destroy -v=9",
      "the file of --tracing",
      "the file of PULUMI_DEBUG_GRPC",
    ],
    kinds: /^marked: |Password, (as set|wrong)$/,
    forms: /./,
    because:
      "Pulumi's own debugging aids write what its processes say to each other, the administrators' passwords too",
  },
];

const explains = ({ places, kinds, forms }: Explained, { where, kind, form }: Found) =>
  places.includes(where) && (Array.isArray(kinds) ? kinds.includes(kind) : kinds.test(kind)) && forms.test(form);

/** Hits that nothing explains, as text. */
export const unexplained = (hits: readonly Found[]): string[] =>
  hits
    .filter((hit) => !explained.some((entry) => explains(entry, hit)))
    .map(({ where, kind, form }) => `${where}: ${kind}: ${form}`)
    .sort();

/** Places and kinds of entries that are hit no more. */
export const idle = (hits: readonly Found[]): string[] =>
  explained.flatMap((entry) => {
    const hit = hits.filter((one) => explains(entry, one));
    return [
      ...entry.places.filter((place) => !hit.some(({ where }) => where === place)),
      ...(Array.isArray(entry.kinds) ? entry.kinds : []).filter((kind) => !hit.some((one) => one.kind === kind)),
    ];
  });
