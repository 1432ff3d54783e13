// The API's document as a page to browse: plain HTML, no script, every value escaped. Sections open by themselves.
import { createHash } from "node:crypto";
import type { Schema } from "./json-schema.ts";
import type { OpenApi, Operation } from "./openapi.ts";

const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; } h3 { font-size: 0.95rem; margin: 1rem 0 0.25rem; }
p { max-width: 46rem; }
nav a { display: inline-block; margin-right: 0.9rem; }
details { border-top: 1px solid #8886; padding: 0.4rem 0; } details > div { padding: 0 0 0.75rem 1.1rem; }
summary { cursor: pointer; } summary span { opacity: 0.75; }
code { font: 0.9em ui-monospace, monospace; } .method { display: inline-block; min-width: 4rem; font-weight: 650; }
ul { margin: 0; padding-left: 1.2rem; } li { padding: 0.1rem 0; overflow-wrap: anywhere; } .type { opacity: 0.75; }
table { border-collapse: collapse; } td { padding: 0.15rem 1rem 0.15rem 0; vertical-align: top; }
`;
/** Lets the page's style, and nothing else inline, through the content security policy. */
export const referenceStyleSource = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;

export function referencePage(api: OpenApi): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = api.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<section><h2 id="${anchor(name)}">${text(name)}</h2>${own
      .map(({ path, method, operation }) => operationHtml(path, method, operation))
      .join("\n")}</section>`;
  });
  const schemas = Object.entries(api.components.schemas ?? {}).map(
    ([name, schema]) =>
      `<details id="${anchor(name)}"><summary><code>${text(name)}</code></summary><div>${schemaHtml(schema)}</div></details>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(api.info.title ?? "")} API</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${text(api.info.title ?? "")} API</h1>
${proseHtml(api.info.description ?? "")}
<p><a href="/openapi.json">openapi.json</a>: the same for programs (OpenAPI ${text(api.openapi)})</p>
<nav aria-label="Sections">${api.tags.map(({ name }) => `<a href="#${anchor(name)}">${text(name)}</a>`).join("")}<a href="#schemas">schemas</a></nav>
${sections.join("\n")}
<section><h2 id="schemas">Schemas</h2>
${schemas.join("\n")}</section>
</main>
</body>
</html>
`;
}

function operationHtml(path: string, method: string, operation: Operation): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const roles = operation["x-roles"];
  const parts = [
    `<p>For: ${text(roles.join(", "))}${description === undefined ? "" : `<br>${text(description)}`}</p>`,
    parameters.length === 0
      ? ""
      : `<h3>Parameters</h3><ul>${parameters
          .map(({ name, in: where, required, description: about, schema }) =>
            fieldHtml(
              name,
              { ...schema, ...(about !== undefined && { description: about }) },
              `${where}${required ? ", required" : ""}`,
            ),
          )
          .join("")}</ul>`,
    requestBody === undefined ? "" : `<h3>Body</h3>${contentHtml(requestBody.content)}`,
    `<h3>Answers</h3><table>${Object.entries(responses)
      .map(([status, response]) => `<tr><td>${status}</td><td>${answerHtml({ ...response })}</td></tr>`)
      .join("")}</table>`,
  ];
  return `<details id="${anchor(operationId)}"><summary><code><b class="method">${method.toUpperCase()}</b>${text(path)}</code> <span>${text(summary)}</span></summary><div>${parts.join("")}</div></details>`;
}

function answerHtml({ $ref, description = "", content }: Schema): string {
  if (typeof $ref === "string") return `<a href="#${anchor("Problem")}">Problem</a>`;
  return `${text(String(description))}${content ? contentHtml(content as Schema) : ""}`;
}

function contentHtml(content: Schema): string {
  return Object.entries(content as Record<string, { schema?: Schema; "x-events"?: Record<string, Schema> }>)
    .map(([media, { schema = {}, "x-events": events }]) => {
      const of = events
        ? `<ul>${Object.entries(events)
            .map(([name, data]) => fieldHtml(name, data, "event"))
            .join("")}</ul>`
        : schemaHtml(schema);
      return media === "application/json" ? of : `<code>${text(media)}</code>${of}`;
    })
    .join("");
}

function schemaHtml(schema: Schema): string {
  const inner = fieldsHtml(schema);
  return `<span class="type">${typeHtml(schema)}</span>${inner}`;
}

function fieldHtml(name: string, schema: Schema, note: string): string {
  const about = typeof schema.description === "string" ? ` – ${text(schema.description)}` : "";
  const more = note === "" ? "" : `, ${text(note)}`;
  return `<li><code>${text(name)}</code> <span class="type">${typeHtml(schema)}${more}</span>${about}${fieldsHtml(schema)}</li>`;
}

/** The fields of an object, of a list's entries, or of each choice. */
function fieldsHtml(schema: Schema): string {
  const {
    properties,
    items,
    anyOf,
    required = [],
  } = schema as {
    properties?: Record<string, Schema>;
    items?: Schema;
    anyOf?: Schema[];
    required?: string[];
  };
  if (properties)
    return `<ul>${Object.entries(properties)
      .map(([name, field]) => fieldHtml(name, field, required.includes(name) ? "" : "optional"))
      .join("")}</ul>`;
  return [...(items ? [items] : []), ...(anyOf ?? [])].map(fieldsHtml).join("");
}

function typeHtml(schema: Schema): string {
  const { $ref, type, items, anyOf, enum: choices, const: only, format, pattern } = schema;
  if (typeof $ref === "string") {
    const name = $ref.split("/").at(-1) ?? "";
    return `<a href="#${anchor(name)}">${text(name)}</a>`;
  }
  if (Array.isArray(anyOf)) return (anyOf as Schema[]).map(typeHtml).join(" or ");
  if (Array.isArray(choices)) return choices.map((choice) => `"${text(String(choice))}"`).join(" or ");
  if (only !== undefined) return text(JSON.stringify(only));
  if (type === "array") return `list of ${typeHtml((items ?? {}) as Schema)}`;
  const bounds = ["minimum", "maximum", "minLength", "maxLength", "default"]
    .flatMap((name) => (schema[name] === undefined ? [] : [`${name} ${JSON.stringify(schema[name])}`]))
    .join(", ");
  const form = typeof format === "string" ? format : typeof pattern === "string" ? pattern : "";
  return text(
    [typeof type === "string" ? type : "anything", form, bounds].filter((part) => part !== "").join(" "),
  );
}

/** Paragraphs, and `code` in them. */
function proseHtml(prose: string): string {
  return prose
    .split("\n\n")
    .map((paragraph) => `<p>${text(paragraph).replace(/`([^`]+)`/g, "<code>$1</code>")}</p>`)
    .join("");
}

function anchor(name: string): string {
  return name.replace(/[^A-Za-z0-9]+/g, "-");
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
