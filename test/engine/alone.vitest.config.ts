import { ALONE } from "./files.ts";
import { lane } from "./lane.ts";

export default lane("alone", {
  include: ALONE,
  globalSetup: ["test/engine/setup.ts"],
  provide: { shared: { environment: "alone", firstPort: 22670 } },
});
