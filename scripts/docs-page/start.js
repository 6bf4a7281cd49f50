// Starts Swagger UI on the document that this server publishes. A file of its own, so that the page's
// content security policy needs no inline script.
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  tryItOutEnabled: true,
  responseInterceptor: (response) => {
    if (response.url.endsWith("/openapi.json"))
      response.text = JSON.stringify(describeExamples(JSON.parse(response.text)));
    return response;
  },
});

/**
 * Moves the examples of optional parameters into their descriptions. Swagger UI would fill them in as values, and a
 * trial would be sent with a cursor and a filter that nobody chose.
 */
function describeExamples(description) {
  for (const operations of Object.values(description.paths)) {
    for (const { parameters = [] } of Object.values(operations)) {
      for (const parameter of parameters) if (!parameter.required) describeExample(parameter);
    }
  }
  return description;
}

function describeExample(parameter) {
  const example = parameter.example ?? parameter.schema?.example;
  delete parameter.example;
  delete parameter.schema?.example;
  if (example !== undefined) parameter.description = `${parameter.description ?? ""} (example: \`${example}\`)`.trim();
}
