// Starts Swagger UI on the document that this server publishes. A file of its own, so that the page's
// content security policy needs no inline script.
window.ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, tryItOutEnabled: true });
