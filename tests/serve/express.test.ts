import { startServer } from "../../serve/server/index";
import { describeContract } from "./contract";

describeContract("Express", ({ models, images, apiKeys }) => startServer({ models, images, apiKeys, port: 0 }));
