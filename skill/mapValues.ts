/** The same names with other values. */
export const mapValues = <From, To>(map: Record<string, From>, to: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, to(value)]));
