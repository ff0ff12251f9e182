/** The part of OpenAPI 3.1 that the page shows. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  example?: unknown;
  examples?: unknown[];
  additionalProperties?: boolean | Schema;
}

export interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  required?: boolean;
  description?: string;
  schema?: Schema;
  example?: unknown;
}

export interface Operation {
  method: string;
  path: string;
  summary?: string;
  description?: string;
  tags?: string[];
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content?: Record<string, Media> };
  responses?: Record<string, { description?: string; content?: Record<string, Media> }>;
  security?: unknown[];
}

export interface Api {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation> & { parameters?: Parameter[] }>;
  components?: { schemas?: Record<string, Schema> };
}

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Routes by their first tag, or by the first part of the path that is no version. */
export function groups(api: Api): Map<string, Operation[]> {
  const found = new Map<string, Operation[]>();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const name = operation.tags?.[0] ?? path.split("/").find((part) => part && !/^v\d+$/.test(part)) ?? "/";
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      found.set(name, [...(found.get(name) ?? []), { ...operation, method, path, parameters }]);
    }
  }
  return found;
}

export function resolve(api: Api, schema: Schema | undefined): Schema {
  const name = schema?.$ref?.split("/").pop();
  return (name && api.components?.schemas?.[name]) || schema || {};
}

/** A one-line name for the type of a schema. */
export function typeName(schema: Schema | undefined): string {
  if (!schema) return "any";
  if (schema.$ref) return schema.$ref.split("/").pop()!;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeName).join(" | ");
  if (schema.allOf) return schema.allOf.map(typeName).join(" & ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.items) return `${typeName(schema.items)}[]`;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type;
  return (type ?? "any") + (schema.format ? ` (${schema.format})` : "");
}

/** A value that fits the schema, from its own examples where it has some. Depth is bounded: schemas may be recursive. */
export function sample(api: Api, schema: Schema | undefined, depth = 0): unknown {
  const found = resolve(api, schema);
  const given = found.example ?? found.examples?.[0] ?? found.default ?? found.const ?? found.enum?.[0];
  if (given !== undefined && given !== null) return given;
  if (depth > 5) return null;
  const choice = found.anyOf ?? found.oneOf ?? found.allOf;
  if (choice) return sample(api, choice[0], depth + 1);
  if (found.properties) {
    return Object.fromEntries(Object.entries(found.properties).map(([name, each]) => [name, sample(api, each, depth + 1)]));
  }
  if (found.items) return [sample(api, found.items, depth + 1)];
  const type = Array.isArray(found.type) ? found.type[0] : found.type;
  return { string: "", integer: 0, number: 0, boolean: false, array: [], object: {} }[type ?? ""] ?? null;
}

export function exampleOf(api: Api, media: Media): unknown {
  const named = Object.values(media.examples ?? {})[0]?.value;
  return media.example ?? named ?? sample(api, media.schema);
}
