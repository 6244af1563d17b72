/** @module The stacks that the others build on. */
import type { AlertsStack } from "./stacks/alerts";
import type { NetworkStack } from "./stacks/network";
import type { StorageStack } from "./stacks/storage";

export interface Rooms {
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly alerts: AlertsStack;
}
