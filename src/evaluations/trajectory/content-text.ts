import { isObject } from "../../json-bytes/json-extents.ts";

/**
 * The text of content in the Agent Client Protocol: a text, a block, or a list of blocks. What is no text is named in
 * brackets, so that it is not missed.
 */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("\n");
  if (!isObject(content)) return "";
  const { type, text, uri, name, mimeType, path, terminalId, resource } = content;
  switch (type) {
    case "content":
      return textOf(content["content"]);
    case "diff":
      return `[diff ${textOf(path)}]\n${textOf(content["newText"])}`;
    case "terminal":
      return `[terminal ${textOf(terminalId)}]`;
    case "resource_link":
      return `[${textOf(name) || "resource"} ${textOf(uri)}]`;
    case "resource":
      return isObject(resource) && typeof resource["text"] === "string"
        ? resource["text"]
        : `[resource ${isObject(resource) ? textOf(resource["uri"]) : ""}]`;
    case "image":
    case "audio":
      return `[${type} ${textOf(mimeType)}]`;
    default:
      return textOf(text);
  }
}
