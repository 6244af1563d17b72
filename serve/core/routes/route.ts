/** @module A route, and a request with its route. */
import type { ServiceRequest, ServiceResponse } from "../http/index";
import type { ServiceContext } from "./context";

/** A route of the service. */
export interface Route {
  /** Pattern of the form `/v2/models/{model}`; a last `{name*}` matches the rest of the path. Also the metrics' label. */
  readonly label: string;
  /** Whether a body is read, for one image or for many. */
  readonly body: "none" | "one" | "many";
  /** Needs no API key, for load balancers and the page's first view. */
  readonly open: boolean;
  readonly answer: Handler;
}

/** @throws {Problem} */
export type Handler = (context: ServiceContext, request: RoutedRequest) => Promise<ServiceResponse> | ServiceResponse;

export interface RoutedRequest extends ServiceRequest {
  readonly route: Route;
  /** The decoded parts of the path for the route's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Empty until it has been read. */
  readonly body: Uint8Array;
}
