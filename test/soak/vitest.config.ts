import { lane } from "../engine/lane.ts";

/** The long matrices: clusters of three nodes, each made by its file. Not a part of CI. */
export default lane("soak", { include: ["test/soak/**/*.test.ts"], testTimeout: 3_600_000 });
