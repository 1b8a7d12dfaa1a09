import { GATE, OWN } from "./files.ts";
import { lane } from "./lane.ts";

export default lane("gate", {
  include: GATE,
  exclude: OWN,
  globalSetup: ["test/engine/setup.ts"],
  provide: { shared: { environment: "gate", firstPort: 21670 } },
});
