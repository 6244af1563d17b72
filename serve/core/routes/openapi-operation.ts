/** @module How an operation of the API is described: its parameters, its answers and its problems. */
import { PROBLEM_CODES, type ProblemCode } from "../http/index";
import { IMAGE_NAME_RULE } from "../images/index";
import { type Json, schema, string } from "./openapi-schemas";

export const ok = (description: string, content: Json): Json => ({
  description,
  content: { "application/json": { schema: content } },
});

export const inQuery = (name: string, schema: Json, more: Json = {}): Json => ({ name, in: "query", ...more, schema });
export const whole = (minimum: number, maximum?: number): Json => ({
  type: "integer",
  minimum,
  ...(maximum && { maximum }),
});

export const jsonBody = (content: Json) => ({ required: true, content: { "application/json": { schema: content } } });

/** Parts of paths that are no texts of any kind. */
const PATH_PARTS: Json = Object.fromEntries(["shrink", "column", "row"].map((name) => [name, whole(0)]));

export const IMAGE_NAME = string(`A name in the image source. ${IMAGE_NAME_RULE}`);

const PROBLEM_CONTENT: Json = { "application/problem+json": { schema: schema("Problem") } };

/** Responses for the codes, grouped by status as OpenAPI requires. */
function problems(codes: ReadonlySet<ProblemCode>): Json {
  const responses: Record<string, Json> = {};
  for (const code of codes) {
    const status = String(PROBLEM_CODES[code][0]);
    const before = responses[status]?.description as string | undefined;
    responses[status] = { description: `${before ? `${before}, ` : ""}\`${code}\``, content: PROBLEM_CONTENT };
  }
  const others = "Another problem, such as a request line that cannot be read.";
  return { ...responses, default: { description: others, content: PROBLEM_CONTENT } };
}

/** Codes of every route, of those that need a key, and of those with a body. */
const ANY = ["RATE_LIMITED", "DEADLINE_EXCEEDED", "INTERNAL"] as const;
const GUARDED = ["UNAUTHORIZED", "ISSUER_UNAVAILABLE"] as const;
const SENT = [
  ...(["REQUEST_MALFORMED", "ORIGIN_REFUSED", "REQUEST_TIMEOUT", "BODY_TOO_LARGE"] as const),
  ...(["CONTENT_TYPE_UNSUPPORTED", "QUEUE_FULL"] as const),
];

export interface Described extends Json {
  readonly summary: string;
  /** Responses that are no problems, by status. */
  readonly answers: Json;
  /** Codes of its problems, besides those of every route. */
  readonly problems?: readonly ProblemCode[];
  /** Parameters besides those in the path. */
  readonly parameters?: readonly Json[];
}

/** An operation by its path and method. Parts of the path in braces are parameters. @param open needs no key */
export function operation(
  method: "get" | "post",
  path: string,
  operationId: string,
  { open, summary, answers, problems: own = [], parameters: others = [], ...more }: Described & { open: boolean },
): Json {
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const inPath = parts.map((name) => {
    const ofImage = path === "/images/{name}" && name === "name";
    return {
      name,
      in: "path",
      required: true,
      schema: ofImage ? IMAGE_NAME : (PATH_PARTS[name] ?? { type: "string" }),
    };
  });
  const parameters = [...inPath, ...others];
  const codes = new Set([...own, ...(method === "post" ? SENT : []), ...(open ? [] : GUARDED), ...ANY]);
  const responses = { ...answers, ...problems(codes) };
  const described = { operationId, summary, ...more, ...(parameters.length > 0 && { parameters }), responses };
  return { ...described, ...(open && { security: [] }) };
}
