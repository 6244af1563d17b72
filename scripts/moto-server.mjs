// Runs moto's server in the foreground, and installs it if it is missing: `node scripts/moto-server.mjs PORT`.
import { spawn } from "node:child_process";
import { motoServer } from "./infrastructure/tools.mjs";

const server = spawn(await motoServer(), ["-H", "127.0.0.1", "-p", process.argv[2] ?? "5099"], { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.kill(signal));
server.on("exit", (status) => process.exit(status ?? 0));
