import { ALONE, GATE, OWN } from "./files.ts";
import { lane } from "./lane.ts";

export default lane("engine", {
  include: ["test/engine/*.test.ts"],
  exclude: [...OWN, ...GATE, ...ALONE],
  globalSetup: ["test/engine/setup.ts"],
  provide: { shared: { environment: "engine", firstPort: 22670 } },
});
