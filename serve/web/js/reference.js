/** @module The API's description, made readable. */
import { call, getJson } from "./api.js";
import { h, intro, table } from "./dom.js";

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const [api, problems] = await Promise.all([getJson("openapi.json"), getJson("problems")]);
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return h(
    "div",
    intro("API", api.info.description, " ", h("a", { href: "openapi.json" }, "OpenAPI document")),
    ...operations.map(operationBlock),
    h(
      "section.card.spaced",
      h("h2", "Problem codes"),
      table(
        ["Code", "Status", "Meaning"].map((name) => h("th", { scope: "col" }, name)),
        Object.entries(problems).map(([code, { status, meaning }]) => {
          const head = h("th", { scope: "row" }, h("code", ...breakable(code)));
          return h("tr", { id: code }, head, h("td", status), h("td", meaning));
        }),
      ),
    ),
  );
}

/** A code that may be broken after its underscores, on narrow screens. @param {string} code */
function breakable(code) {
  return code.split(/(?<=_)/).flatMap((part) => [part, h("wbr")]);
}

/** @param {{path: string, method: string, operation: any}} entry */
function operationBlock({ path, method, operation }) {
  const types = Object.keys(operation.requestBody?.content ?? {});
  const output = h("pre", { hidden: true, tabindex: 0, "aria-label": `Answer of ${path}` });
  const simple = method === "get" && !path.includes("{");
  const attempt = async () => {
    try {
      const response = await call(path.slice(1));
      output.textContent = `${response.status}\n${pretty(await response.text())}`.slice(0, 20_000);
    } catch (error) {
      const { status, message } = /** @type {import("./api.js").ApiProblem} */ (error);
      output.textContent = [status || "", message].join("\n").trim();
    }
    output.hidden = false;
  };
  return h(
    "details.operation",
    h(
      "summary",
      h("span", { class: `method ${method}` }, method.toUpperCase()),
      h("code", path),
      h("span.hint", operation.summary),
    ),
    h(
      "div",
      operation.description && h("p", operation.description),
      h("pre", { tabindex: 0, "aria-label": `Example of ${path}` }, example(method, path, types)),
      (operation.parameters ?? []).length > 0 &&
        h(
          "ul",
          ...operation.parameters.map((/** @type {any} */ { name, in: place, description }) =>
            h("li", h("code", name), ` in the ${place}. ${description ?? ""}`),
          ),
        ),
      types.length > 0 && h("p.hint", `Accepts ${types.join(", ")}`),
      h(
        "ul",
        ...Object.entries(operation.responses).map(([status, { description }]) =>
          h("li", h("strong", status), ` ${description.replaceAll("`", "")}`),
        ),
      ),
      simple && h("button", { onclick: attempt }, "Try it"),
      output,
    ),
  );
}

/** @param {string} method @param {string} path @param {string[]} types */
function example(method, path, types) {
  const { origin, pathname } = location;
  const url = `${origin}${pathname.replace(/[^/]*$/, "")}${path.slice(1)}`;
  if (method === "get") return `curl '${url}'`;
  if (types.length === 0) return `curl -X POST '${url}'`;
  if (types.includes("image/png")) return `curl '${url}' -H 'content-type: image/png' --data-binary @tile.png`;
  if (types.includes("multipart/form-data")) return `curl '${url}' -F image=@a.png -F image=@b.png`;
  return `curl '${url}' -H 'content-type: application/json' -d @request.json`;
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
