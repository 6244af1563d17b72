// Installs and compiles serve/aws (CDK, AWS clients) where that is not done yet.
import { awsPackage } from "./infrastructure/tools.mjs";

await awsPackage();
