/** @module TCP ports of this machine. */
import { type AddressInfo, createServer } from "node:net";
import { hasErrorCode } from "../../errors/index";

/** A free TCP port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  return (await listenOnce("127.0.0.1", 0)).port;
}

/** True if another server listens on the port. */
export function isTaken(host: string, port: number): Promise<boolean> {
  return listenOnce(host, port).then(
    () => false,
    (error: unknown) => hasErrorCode(error, "EADDRINUSE"),
  );
}

function listenOnce(host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolved, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, host, () => {
      const address = probe.address() as AddressInfo;
      probe.close(() => resolved(address));
    });
  });
}
