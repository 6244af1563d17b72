// Installs and compiles serve/aws (CDK, AWS clients) if necessary.
import { awsPackage } from "./infrastructure/tools.mjs";

await awsPackage();
