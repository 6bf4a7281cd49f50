// Starts Swagger UI on the document that this server publishes. A file of its own, so that the page's
// content security policy needs no inline script.

/** Where the key is kept: in this tab, until it is closed. */
const KEPT_KEY = "taskyard.authorization";

/** What `npm run dev` has made, in place of the document's examples: a trial on that server then finds something. */
const LOCAL_EXAMPLES = { org: "local", name: "hello-flag", version: "1.0.0", path: "task.yaml" };
const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  tryItOutEnabled: true,
  filter: true,
  // The list of schemas is long and says little without its operations: folded until somebody opens it.
  defaultModelsExpandDepth: 0,
  plugins: [{ fn: { opsFilter: filterOperations }, statePlugins: { auth: { wrapActions: keepKey() } } }],
  responseInterceptor: (response) => {
    if (response.url.endsWith("/openapi.json"))
      response.text = JSON.stringify(describeExamples(JSON.parse(response.text)));
    return response;
  },
  onComplete: () => {
    labelFilter();
    const kept = sessionStorage.getItem(KEPT_KEY);
    if (kept !== null) window.ui.authActions.authorize(JSON.parse(kept));
  },
});

/** Keeps what was entered as long as the tab is open, and forgets it at logout. It never is in a URL. */
function keepKey() {
  return {
    authorize: (authorize) => (entered) => {
      sessionStorage.setItem(KEPT_KEY, JSON.stringify(entered));
      return authorize(entered);
    },
    logout: (logout) => (names) => {
      sessionStorage.removeItem(KEPT_KEY);
      return logout(names);
    },
  };
}

/** Swagger UI's own filter looks at tags alone; this one also at path, method, summary and operationId. */
function filterOperations(taggedOperations, phrase) {
  const wanted = phrase.trim().toLowerCase();
  const has = (text) => (text ?? "").toLowerCase().includes(wanted);
  return taggedOperations
    .map((group, tag) => {
      if (has(tag)) return group;
      return group.update("operations", (operations) =>
        operations.filter((operation) => {
          const { summary, operationId } = operation.get("operation").toObject();
          return [`${operation.get("method")} ${operation.get("path")}`, summary, operationId].some(has);
        }),
      );
    })
    .filter((group) => group.get("operations").size > 0);
}

function labelFilter() {
  const box = document.querySelector(".operation-filter-input");
  box?.setAttribute("placeholder", "Filter operations: a word of the path, the summary or the group");
  box?.setAttribute("aria-label", "Filter operations");
}

/**
 * Moves the examples of optional parameters into their descriptions. Swagger UI would fill them in as values, and a
 * trial would be sent with a cursor and a filter that nobody chose. Required ones name what is on this server.
 */
function describeExamples(description) {
  for (const operations of Object.values(description.paths)) {
    for (const { parameters = [] } of Object.values(operations)) {
      for (const parameter of parameters) {
        if (!parameter.required) describeExample(parameter);
        else if (isLocal && parameter.in === "path") localizeExample(parameter);
      }
    }
  }
  return description;
}

function localizeExample(parameter) {
  const example = LOCAL_EXAMPLES[parameter.name];
  if (example === undefined) return;
  if (parameter.schema) delete parameter.schema.example;
  parameter.example = example;
}

function describeExample(parameter) {
  const example = parameter.example ?? parameter.schema?.example;
  delete parameter.example;
  delete parameter.schema?.example;
  if (example !== undefined) parameter.description = `${parameter.description ?? ""} (example: \`${example}\`)`.trim();
}
