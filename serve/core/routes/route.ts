/** @module A route, and a request that has found its own. */
import type { ServiceRequest, ServiceResponse } from "../http/index";
import type { ServiceContext } from "./context";

/** What a path leads to. */
export interface Route {
  /** Pattern in the form `/v2/models/{model}`; a last `{name*}` takes the rest of the path. Also the metrics' label. */
  readonly label: string;
  /** Whether a body is read, for one image or for many. */
  readonly body: "none" | "one" | "many";
  /** Answers without an API key too: what load balancers and the page's first view need. */
  readonly open: boolean;
  readonly answer: Handler;
}

/** @throws {Problem} */
export type Handler = (context: ServiceContext, request: RoutedRequest) => Promise<ServiceResponse> | ServiceResponse;

/** A request on its way to the handler of its route. */
export interface RoutedRequest extends ServiceRequest {
  readonly route: Route;
  /** The parts of the path that the route names, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Empty until it has been read. */
  readonly body: Uint8Array;
}
