// `npm run setup`: everything that has to be installed, and nothing else.
import { setupOrExit } from "./setup/index.mjs";

await setupOrExit();
