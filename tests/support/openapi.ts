/** @module Compares answers with the schemas of the API's description, strictly: a key that is not described is a fault. */

type Json = Readonly<Record<string, unknown>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** What an answer has that its schema does not say, and the other way round; empty where they agree. */
export function differences(value: unknown, schema: Schema, document: Json, at = "$"): string[] {
  const inner = (part: unknown, of: Schema, name: string) => differences(part, of, document, `${at}${name}`);
  if (schema.$ref) return inner(value, referred(schema.$ref, document), "");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    const found = choices.map((choice) => inner(value, choice, ""));
    return (
      found.find((one) => one.length === 0) ?? [`${at} fits none: ${found.map((one) => one.join(", ")).join(" | ")}`]
    );
  }
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => isOf(type, value))) return [`${at} is no ${types.join(" or ")}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${at} is none of ${schema.enum.join(", ")}`];
  if (Array.isArray(value))
    return value.flatMap((item, i) => (schema.items ? inner(item, schema.items, `[${i}]`) : []));
  if (typeof value !== "object" || value === null) return [];
  const { properties, required = [], additionalProperties } = schema;
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, part]) => {
      const of = properties?.[name] ?? additionalProperties;
      if (of) return inner(part, of, `.${name}`);
      return properties ? [`${at}.${name} is not described`] : [];
    }),
  ];
}

function referred(reference: string, document: Json): Schema {
  const parts = reference.replace(/^#\//, "").split("/");
  return parts.reduce<unknown>((part, name) => (part as Json)[name], document) as Schema;
}

function isOf(type: string, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}
