import { GATE, OWN } from "./files.ts";
import { lane } from "./lane.ts";

export default lane("engine", {
  include: ["test/engine/*.test.ts"],
  exclude: [...OWN, ...GATE],
  globalSetup: ["test/engine/setup.ts"],
  provide: { shared: { environment: "engine", firstPort: 22670 } },
});
